import type { CopyStep } from '../../declare/declaration.js';
import { comeAgain } from '../../engine/via/come-again.js';
import { openScope, stoppedAtOnce, type World } from '../scope.js';
import type { HandedMessage } from './open-receiver.js';

/**
 * For messages that no receiver could be opened for: they come again as those do that could not be written. Otherwise the queue
 * would hide them for all of its time. Never throws: what was in the way is told. Ends with `signal`.
 */
export async function notReceived(
  world: World,
  step: CopyStep,
  messages: readonly HandedMessage[],
  signal: AbortSignal,
): Promise<void> {
  try {
    signal.throwIfAborted();
    const scope = openScope(world, step, step.name);
    await stoppedAtOnce({ signal }, scope, async () => {
      const connection = await world.connections.get(step.via?.connection ?? '');
      const queue = connection.queue?.(scope.sinkContext);
      if (!queue) return;
      try {
        await comeAgain(queue, await queue.handed(messages));
      } finally {
        await queue.close();
      }
    });
  } catch {
    // The service lets go of them by itself, later.
  }
}
