import { type ChangeSet, executeChangeSet } from './change-set.js';
import type { StackWork } from './delete-stack.js';
import { type Followed, followStack } from './follow-stack.js';

/** Carries a change set out and tells what happens until it is done, whatever comes of it. */
export async function carryOut(
  stack: string,
  changes: ChangeSet,
  action: 'create' | 'update',
  { access, observer, signal, withinMs }: StackWork,
): Promise<Followed> {
  observer.begun(stack, action, changes.changes.length);
  const token = await executeChangeSet(access.cloudFormation, changes);
  return await followStack(access.cloudFormation, {
    stackId: changes.stackId,
    token,
    signal,
    withinMs,
    happened: (event) => observer.happened(stack, event),
  });
}
