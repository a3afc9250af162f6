import type { HandedChangesResult, OpenFollower } from '../../flow/handed/open-follower.js';
import { type BatchAnswer, batchAnswer } from './events/sqs-event.js';
import type { StreamEvent } from './events/stream-event.js';

/**
 * Loads a batch of changes. The service hands over again what begins with the change that the answer names.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export async function followEvent(
  follower: OpenFollower,
  { Records }: StreamEvent,
  stop: AbortSignal,
): Promise<{ readonly answer: BatchAnswer; readonly outcome: HandedChangesResult }> {
  const outcome = await follower.follow(Records, stop);
  return { answer: batchAnswer(outcome.again === undefined ? [] : [outcome.again]), outcome };
}
