import { randomUUID } from 'node:crypto';
import type { AccountAccess } from './account-access.js';
import { followStack } from './follow-stack.js';
import type { DeployObserver } from './observer.js';
import type { FoundStack } from './own-stack.js';
import type { StackEvent } from './stack-events.js';
import { stackFailure } from './stack-failure.js';

/** What is needed to do something to a stack and to tell of it. */
export interface StackWork {
  readonly access: AccountAccess;
  readonly observer: DeployObserver;
  readonly signal: AbortSignal;
  /** For each stack. */
  readonly withinMs: number;
}

/** Deletes the stack and tells what happens. Gives its events; throws `stack_failed` where something cannot be deleted. */
export async function deleteStack(stack: FoundStack, work: StackWork): Promise<readonly StackEvent[]> {
  const { access, observer, signal, withinMs } = work;
  const token = randomUUID();
  observer.begun(stack.name, 'delete', stack.resources);
  await access.cloudFormation.call('DeleteStack', (sdk, client, options) =>
    client.send(new sdk.DeleteStackCommand({ StackName: stack.id, ClientRequestToken: token }), options),
  );
  const followed = await followStack(access.cloudFormation, {
    stackId: stack.id,
    token,
    signal,
    withinMs,
    happened: (event) => observer.happened(stack.name, event),
  });
  if (followed.status !== 'DELETE_COMPLETE') {
    throw await stackFailure(access.cloudFormation, stack, followed);
  }
  return followed.events;
}
