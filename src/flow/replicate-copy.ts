import type { CopyStep, Declaration, ExportStep, ReplicateStep, Step } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import type { SingleCopy } from './single-copy.js';

/** Names of steps hold no dots. */
const FIRST = '.first';

/** The copy that does to a table what a replicate does to its changes: it compares them, or comes first. */
export function copyOf(step: ReplicateStep): CopyStep {
  const { changes: _changes, events: _events, load: _load, first: _first, via: _via, ...rest } = step;
  const { ttlDeletes: _ttlDeletes, ...to } = rest.to;
  return { ...rest, to, kind: 'copy' };
}

/** The copy before the changes, under a name of its own. */
export function firstCopyOf(step: ReplicateStep): SingleCopy {
  const name = `${step.name}${FIRST}`;
  return { name, step: { ...copyOf(step), name } };
}

/** The replicate's name of a step or of the copy before its changes: both have one past. */
export function replicateOf(name: string): string {
  return name.endsWith(FIRST) ? name.slice(0, -FIRST.length) : name;
}

/**
 * The declaration with a copy in the place of each replicate, for commands that compare both sides. Throws `usage` for what adds
 * rows: its sink is the history of its source, not its present state.
 */
export function comparable(declaration: Declaration): Declaration {
  const [alone, ...others] = declaration.steps;
  if (alone?.kind === 'export' && others.every(({ kind }) => kind === 'export')) throw uncompared(alone);
  return { ...declaration, steps: declaration.steps.map(comparableStep) };
}

/** A snapshot is not read, and its export was checked before it was published. */
function uncompared({ name, path }: ExportStep): SluiceError {
  return new SluiceError('usage', `${name} is an export: no rows of it can be compared from here`, {
    path,
    hint: 'each export is checked before it is published: by what RDS says of every table, and by the rows of its files',
  });
}

function comparableStep(step: Step): Step {
  const { onFailure } = step;
  const around = onFailure
    ? { onFailure: { ...onFailure, steps: onFailure.steps.map(comparableStep) } }
    : undefined;
  if (step.kind === 'parallel') {
    return { ...step, ...around, branches: step.branches.map((branch) => branch.map(comparableStep)) };
  }
  if (step.kind !== 'replicate') return { ...step, ...around };
  if (step.to['mode'] === 'mirror') return { ...copyOf(step), ...around };
  throw new SluiceError(
    'usage',
    `${step.name} adds a row for each change: there is nothing to compare it with`,
    {
      path: step.path,
      hint: 'a mirror can be compared; for other steps name one with --step',
    },
  );
}
