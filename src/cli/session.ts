import { dirname, join, resolve } from 'node:path';
import { type ConnectionKind, registry } from '../connectors/registry.js';
import {
  type CopyStep,
  type Declaration,
  innerSteps,
  type NamedStep,
  type Step,
} from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import { firingNow } from '../flow/firing.js';
import type { Places } from '../flow/places.js';
import { copySteps, type Half, openWorld, type World } from '../flow/scope.js';
import type { Windows } from '../flow/windows.js';
import { isStateAddress, parseStateAddress } from '../journal/aws/state-address.js';
import { FolderState } from '../journal/files/folder-state.js';
import type { PipelineState } from '../journal/state.js';
import type { Firing } from '../values/firing.js';
import { type HeapUse, keepHeapSmall } from './heap.js';
import type { Io } from './io.js';

/** What is known of the pipeline: in `.sluice/` beside the file unless `--state`, or else `SLUICE_STATE`, names another folder or a table. */
export async function openState(
  { file, pipeline }: Declaration,
  io: Io,
  option: string | undefined,
): Promise<PipelineState> {
  const state = option ?? (io.env['SLUICE_STATE'] || undefined);
  const local = join(dirname(file), '.sluice');
  if (state === undefined) return new FolderState(local, pipeline);
  if (!isStateAddress(state)) return new FolderState(resolve(io.cwd, state), pipeline);
  const { TableState } = await import('../journal/aws/table-state.js');
  return new TableState({ place: parseStateAddress(state), pipeline, local, env: io.env });
}

/** Opens what a command runs or plans a declaration in. */
export function openSession(
  declaration: Declaration,
  io: Io,
  options: {
    readonly state: PipelineState;
    readonly run: string;
    /** What the run acts for; the present moment when absent. */
    readonly firing?: Firing;
    readonly signal: AbortSignal;
    /** The declaration before one of its steps was chosen. */
    readonly whole?: Declaration;
    readonly readsOnly?: true;
    readonly lasting?: true;
    readonly recalled?: ReadonlyMap<string, Firing>;
    readonly windows?: Windows;
    readonly half?: Half;
    readonly deploying?: true;
    readonly places?: Places;
    readonly drain?: true;
  },
): World {
  keepHeapSmall(heapUse(declaration.steps));
  const load = async (kind: ConnectionKind) => await registry[kind].load();
  const { whole, firing = firingNow(declaration), ...rest } = options;
  const declared = whole?.steps;
  return openWorld(declaration, { env: io.env, load, input: io.input, declared, firing, ...rest });
}

function heapUse(steps: readonly Step[]): HeapUse {
  const named = namedSteps(steps);
  if (named.every((step) => step.kind === 'replicate' && step.first === undefined)) return 'following';
  return named.every((step) => step.kind === 'copy' && step.to['format'] === 'parquet') ? 'parquet' : 'any';
}

/**
 * The declaration with nothing but the named step, which runs whatever its `when` says; itself where none is
 * named.
 */
export function onlyStep(declaration: Declaration, name: string | undefined): Declaration {
  if (name === undefined) return declaration;
  const named = namedSteps(declaration.steps);
  const step = named.find((candidate) => candidate.name === name);
  if (step) {
    const { when: _when, ...always } = step;
    return { ...declaration, steps: [always] };
  }
  throw new SluiceError('usage', `no step is named ${name}`, {
    hint: `the steps are: ${named.map((candidate) => candidate.name).join(', ')}`,
  });
}

/**
 * The declaration with nothing but one half of the copies that go through a queue, whatever else their flow says: they
 * send one after the other, and receive side by side. Itself where no half is chosen.
 */
export function onlyHalf(declaration: Declaration, half: Half): Declaration {
  if (half === 'both') return declaration;
  const copies = copySteps(declaration.steps).filter(({ via }) => via !== undefined);
  if (copies.length === 0) {
    throw new SluiceError('usage', `--only ${half} is of copies that go through a queue, and there is none`, {
      hint: 'via: { connection: NAME } under a copy, with a connection of kind sqs',
    });
  }
  const alone = copies.map(({ when: _when, onFailure: _onFailure, ...copy }): CopyStep => copy);
  if (half === 'send' || alone.length === 1) return { ...declaration, steps: alone };
  const retry = { attempts: 1, backoff: 1 };
  const together: Step = { kind: 'parallel', path: 'steps', retry, branches: alone.map((copy) => [copy]) };
  return { ...declaration, steps: [together] };
}

/** All steps with a name, nested ones too, in the order of the document. */
function namedSteps(steps: readonly Step[]): readonly NamedStep[] {
  return steps.flatMap((step) => [
    ...(step.kind === 'parallel' ? [] : [step]),
    ...namedSteps(innerSteps(step)),
  ]);
}
