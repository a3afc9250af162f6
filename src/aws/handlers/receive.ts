import type { OpenReceiver } from '../../flow/handed/open-receiver.js';
import { type BatchAnswer, batchAnswer, messagesOf, type SqsEvent } from './events/sqs-event.js';

/** Writes a batch of messages, and says which of them are to come again. */
export async function receiveEvent(
  receiver: OpenReceiver,
  event: SqsEvent,
  stop: AbortSignal,
): Promise<{ readonly answer: BatchAnswer; readonly outcome: Awaited<ReturnType<OpenReceiver['receive']>> }> {
  const outcome = await receiver.receive(messagesOf(event), stop);
  return { answer: batchAnswer(outcome.again), outcome };
}
