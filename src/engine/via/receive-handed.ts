import type { Delivery, Misfit, Pushed } from '../../connectors/queue.js';
import type { CopyRun } from '../copy-run.js';
import { comeAgain } from './come-again.js';
import { type Held, HeldMessages } from './held-messages.js';
import { Outcomes, type Settling } from './outcomes.js';
import { isOfStep, writerCount } from './receive.js';
import type { Receiving } from './receiving.js';
import { rowKey } from './row-key.js';
import { ownTimes } from './source-times.js';
import { writeMessages } from './write-messages.js';

/** A message, and the group in which the queue keeps an order; absent where it keeps none. */
export interface HandedMessage extends Pushed {
  readonly group?: string;
}

/** What messages that were handed over are written with. */
export interface HandedRun extends Omit<Settling, 'unreceived'>, Pick<CopyRun, 'pacer' | 'stop' | 'signal'> {
  readonly pipeline: string;
}

/** What became of the messages. */
export interface HandedOutcome {
  /** The service's identities of those that are to come again: nothing says that they are in the sink, or set aside. */
  readonly again: readonly string[];
  /** What ended the work before all were written. */
  readonly failure?: { readonly error: unknown };
}

/** How the service knows a message, and what was read of it. */
interface Read<Message = Delivery | Misfit> {
  readonly id: string;
  readonly group: string | undefined;
  readonly message: Message;
  /** Of its row. */
  readonly key?: string;
}

/** The service says how much it hands over at once. */
const NO_LIMITS = { messages: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/**
 * Writes what the service has handed over, as a receiver does: group → pace → write → settle. Ends at the first failure, or
 * when `run.stop` is aborted; what is not settled by then is to come again, and what is settled is not. Of a group nothing
 * is written behind a message that is to come again.
 */
export async function receiveHanded(
  receiving: Receiving,
  run: HandedRun,
  messages: readonly HandedMessage[],
): Promise<HandedOutcome> {
  const read = await readAll(receiving, run, messages);
  const { taken, untaken } = await keysTaken(run, read);
  const { now, later } = inOrder(read, ({ message, key }) => {
    return message !== undefined && (key === undefined || taken.has(key));
  });
  const open = new Map(now.map((one) => [one.message, one]));
  const held = new HeldMessages(NO_LIMITS);
  let failure = untaken;
  try {
    await settleAll(receiving, run, { now, open, held });
  } catch (error) {
    failure ??= { error };
  }
  try {
    await run.times.release();
  } catch (error) {
    failure ??= { error };
  }
  const writing = new Set(held.all().map(({ delivery }): Delivery | Misfit => delivery));
  const again = [...open.values()].filter(({ message, key }) => key === undefined || writing.has(message));
  await comeAgain(
    receiving.queue,
    [...later, ...again].map(({ message }) => message),
  );
  return { again: [...later, ...again].map(({ id }) => id), ...(failure ? { failure } : {}) };
}

/** Of what cannot be taken nothing is written. */
async function keysTaken(
  { times }: HandedRun,
  read: readonly Pick<Read, 'key'>[],
): Promise<{ readonly taken: ReadonlySet<string>; readonly untaken: HandedOutcome['failure'] }> {
  try {
    return { taken: await times.take(read.flatMap(({ key }) => key ?? [])), untaken: undefined };
  } catch (error) {
    return { taken: new Set(), untaken: { error } };
  }
}

async function readAll(
  receiving: Receiving,
  run: HandedRun,
  messages: readonly HandedMessage[],
): Promise<readonly Read<Delivery | Misfit | undefined>[]> {
  const read = await receiving.queue.handed(messages);
  return messages.map(({ id, group }, index) => {
    const message = read[index];
    const isRow = message?.kind === 'row' && isOfStep(message, receiving, run);
    const key = isRow ? { key: rowKey(message.batch, 0, receiving.sinkPlan.key) } : {};
    return { id, group, message, ...key };
  });
}

/** Those that can be looked at now; not what cannot, nor what is behind such a one in its group. */
function inOrder(
  read: readonly Read<Delivery | Misfit | undefined>[],
  isReady: (one: Read<Delivery | Misfit | undefined>) => boolean,
): { readonly now: readonly Read[]; readonly later: readonly Read<Delivery | Misfit | undefined>[] } {
  const now: Read[] = [];
  const later: Read<Delivery | Misfit | undefined>[] = [];
  const stopped = new Set<string>();
  for (const one of read) {
    const { group, message } = one;
    if (message !== undefined && isReady(one) && (group === undefined || !stopped.has(group))) {
      now.push({ ...one, message });
      continue;
    }
    if (group !== undefined) stopped.add(group);
    later.push(one);
  }
  return { now, later };
}

interface Work {
  readonly now: readonly Read[];
  /** What is no row of the step leaves it once it is set aside; rows leave `held`. */
  readonly open: Map<Delivery | Misfit, Read>;
  readonly held: HeldMessages;
}

async function settleAll(receiving: Receiving, run: HandedRun, { now, open, held }: Work): Promise<void> {
  const rows = now.flatMap(({ message, key }): Held[] =>
    message.kind === 'row' && key !== undefined ? [{ delivery: message, key }] : [],
  );
  // Before anything can fail: what is held is what comes again.
  held.add(rows);
  held.close();
  const outcomes = new Outcomes(receiving, run);
  for (const { message, key } of now) {
    if (key !== undefined) continue;
    await outcomes.misfit(message);
    open.delete(message);
  }
  const writers = writerCount(receiving, run.pacer);
  const most = run.pacer.limits ? Math.ceil(rows.length / writers) : receiving.sinkPlan.batch.rows;
  const waiting = AbortSignal.any([run.signal, run.stop]);
  const work = { receiving, run: { ...run, times: ownTimes(run.times) }, held, outcomes, waiting };
  const writing = Array.from({ length: writers }, () => writeMessages(work, Math.max(1, most)));
  const ends = await Promise.allSettled(
    writing.map((promise) =>
      promise.catch((error: unknown) => {
        held.fail(error);
        throw error;
      }),
    ),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
