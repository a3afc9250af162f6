import type { CopyStep, ReplicateStep } from '../declare/declaration.js';
import type { SingleCopy } from './single-copy.js';

/** Names of steps hold no dots. */
const FIRST = '.first';

/** The copy that does to a table what a replicate does to its changes: it compares them, or comes first. */
export function copyOf(step: ReplicateStep): CopyStep {
  const { changes: _changes, events: _events, load: _load, first: _first, ...rest } = step;
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
