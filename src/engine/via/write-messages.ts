import type { Writer, Written } from '../../connectors/connector.js';
import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import { rowCosts, writeGranted } from '../paced-write.js';
import { comeAgain } from './come-again.js';
import { Gatherer } from './gather.js';
import type { Held, HeldMessages } from './held-messages.js';
import type { Outcomes } from './outcomes.js';
import type { ReceiveRun } from './receive.js';
import type { Receiving } from './receiving.js';

/** What the workers of a receiver share. */
export interface Receiver {
  readonly receiving: Receiving;
  readonly run: Pick<ReceiveRun, 'pacer' | 'stop' | 'times'>;
  readonly held: HeldMessages;
  readonly outcomes: Outcomes;
  /** Ends waits for the pace. */
  readonly waiting: AbortSignal;
}

/** One worker: writes messages, at most `most` together, until no more will come. */
export async function writeMessages(receiver: Receiver, most: number): Promise<void> {
  const { receiving, run, held, outcomes } = receiver;
  const writer = await receiving.sink.writer();
  const gatherer = new Gatherer();
  try {
    for (let taken = await held.take(most); taken; taken = await held.take(most)) {
      await withKeys(receiver, taken, async (ours) => {
        const { old, fresh } = judged(ours, run);
        if (old.length > 0) {
          await outcomes.settle(outcomes.token(), { written: [], unchanged: old, refused: [], units: 0 });
          held.done(old);
        }
        for (const { batch, messages } of gatherer.gather(fresh.map(withBatch))) {
          const group = messages.map((message) => message.held);
          await writeGroup({ ...receiver, writer }, batch, group);
        }
      });
    }
  } finally {
    await writer.close();
  }
}

/** Does something with messages while no other receiver has their keys; those of keys that another has come again. */
async function withKeys(
  { receiving, run: { times }, held }: Receiver,
  messages: readonly Held[],
  write: (ours: readonly Held[]) => Promise<void>,
): Promise<void> {
  const keys = messages.map(({ key }) => key);
  const taken = await times.take(keys);
  try {
    const others = messages.filter(({ key }) => !taken.has(key));
    await comeAgain(
      receiving.queue,
      others.map(({ delivery }) => delivery),
    );
    held.done(others);
    await write(messages.filter(({ key }) => taken.has(key)));
  } finally {
    await times.release(keys);
  }
}

function withBatch(held: Held): { readonly batch: Batch; readonly held: Held } {
  return { batch: held.delivery.batch, held };
}

/** Those that came too late: the sink holds what is as new, or newer. */
function judged(taken: readonly Held[], { times }: Receiver['run']): { old: Held[]; fresh: Held[] } {
  const isOld = ({ key, delivery }: Held) => times.isOld(key, delivery.origin.readAtMs);
  return { old: taken.filter(isOld), fresh: taken.filter((held) => !isOld(held)) };
}

type Work = Receiver & { readonly writer: Writer };

/** Writes rows as the pace allows; each slice is settled before the next is waited for. */
async function writeGroup(work: Work, batch: Batch, group: readonly Held[]): Promise<void> {
  const { run, held, outcomes, writer } = work;
  for (let start = 0; start < group.length; ) {
    const granted = await run.pacer.take(group.length - start, rowCosts(batch, writer, start), work.waiting);
    const { count } = granted;
    const messages = group.slice(start, start + count);
    const slice = count === group.length ? batch : sliceOf(batch, start, count);
    const token = outcomes.token();
    const written = await writeGranted(granted, () => writer.write(slice, token));
    checkSum(work, written, count);
    await outcomes.settle(token, settled(messages, written));
    held.done(messages);
    start += count;
    if (run.stop.aborted) throw run.stop.reason;
  }
}

function sliceOf(batch: Batch, start: number, count: number): Batch {
  const rows = batch.rows.slice(start, start + count);
  return { ...batch, rows, bytes: Math.round((batch.bytes * count) / batch.rows.length) };
}

function checkSum({ receiving }: Work, { written, unchanged, rejects }: Written, rows: number): void {
  const total = written + unchanged + rejects.length;
  if (total === rows) return;
  const message = `${receiving.name}: the sink accounted for ${total} of ${rows} rows`;
  throw new SluiceError('counts_differ', message);
}

/** The sink says how many it wrote, not which: those that it holds are all removed. */
function settled(messages: readonly Held[], { written, rejects, units }: Written) {
  const reasons = new Map(rejects.map(({ row, ...reason }) => [row, reason]));
  const kept = messages.filter((_, row) => !reasons.has(row));
  const refused = messages.flatMap((held, row) => {
    const reason = reasons.get(row);
    return reason ? [{ held, reason }] : [];
  });
  return { written: kept.slice(0, written), unchanged: kept.slice(written), refused, units };
}
