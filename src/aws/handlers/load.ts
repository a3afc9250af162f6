import { isLeft } from '../../flow/handed/open-deliveries.js';
import {
  type LoadedObject,
  loadedNothing,
  type OpenLoader,
  together,
} from '../../flow/handed/open-loader.js';
import { toldObjects } from './events/s3-event.js';
import { type BatchAnswer, batchAnswer, type SqsEvent } from './events/sqs-event.js';

export interface LoadOutcome extends LoadedObject {
  readonly answer: BatchAnswer;
  /** Objects that are in the sink now; counts and the newest change are of these. */
  readonly loaded: number;
  /** What the last that failed did of. */
  readonly failure?: { readonly error: unknown };
}

/** Where a delivery stream puts its objects, and what their names begin with. */
export interface DeliveryPlace {
  readonly bucket: string;
  readonly prefix: string;
}

/** Loads the objects that messages tell of; a message comes again where one of its objects is not loaded. */
export async function loadEvent(
  loader: OpenLoader,
  place: DeliveryPlace,
  { Records }: SqsEvent,
  stop: AbortSignal,
): Promise<LoadOutcome> {
  const again: string[] = [];
  let loaded = 0;
  let sum = loadedNothing;
  let failure: LoadOutcome['failure'];
  for (const { messageId, body } of Records) {
    try {
      for (const name of namesIn(body, place)) {
        stop.throwIfAborted();
        sum = together(sum, await loader.load(name, stop));
        loaded++;
      }
    } catch (error) {
      again.push(messageId);
      failure = { error };
    }
  }
  return { answer: batchAnswer(again), loaded, ...sum, ...(failure ? { failure } : {}) };
}

/** Below the prefix: nothing else is loaded, whatever a message says. */
function namesIn(body: string, { bucket, prefix }: DeliveryPlace): readonly string[] {
  return toldObjects(body).flatMap(({ bucket: told, key }) =>
    told === bucket && key.startsWith(prefix) ? [key] : [],
  );
}

/** Loads what is still there after a while: of which no message came, or its message was given up. */
export async function sweepObjects(
  loader: OpenLoader,
  { prefix }: DeliveryPlace,
  stop: AbortSignal,
  nowMs = Date.now(),
): Promise<Omit<LoadOutcome, 'answer'>> {
  let loaded = 0;
  let sum = loadedNothing;
  let failure: LoadOutcome['failure'];
  for await (const name of loader.left(prefix)) {
    if (stop.aborted) break;
    if (!isLeft(name.slice(prefix.length), nowMs)) continue;
    try {
      sum = together(sum, await loader.load(name, stop));
      loaded++;
    } catch (error) {
      failure = { error };
    }
  }
  return { loaded, ...sum, ...(failure ? { failure } : {}) };
}
