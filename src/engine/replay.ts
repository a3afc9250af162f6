import type { Sink, Source, Writer } from '../connectors/connector.js';
import { changeIdentity } from '../connectors/handed-token.js';
import { Transform, type Transformed } from '../transform/transform.js';
import type { Batch } from '../values/batch.js';
import type { Column } from '../values/column.js';
import type { CopyPlan } from './plan.js';
import { type RejectRecord, type RejectStore, restoredBatch } from './rejects.js';

/** The way that rejects go again. */
export interface ReplayWay {
  readonly sink: Sink;
  /** Those of the source; rows may have more. */
  readonly columns: readonly Column[];
  transform(batch: Batch): Transformed;
  /** As a source has it. */
  readonly readAgain?: NonNullable<Source['readAgain']>;
}

/** The way of a copy's rejects. */
export function wayOfCopy({ source, sink, sinkPlan, description, transformOptions }: CopyPlan): ReplayWay {
  const transform = new Transform(transformOptions, true, sinkPlan.key);
  return {
    sink,
    columns: description.columns,
    transform: (batch) => transform.apply(batch),
    ...(source.readAgain
      ? { readAgain: (batch) => source.readAgain?.(batch) ?? Promise.resolve(batch) }
      : {}),
  };
}

/** What a replay came to. */
export interface Replayed {
  written: number;
  unchanged: number;
  /** Refused again; they stay, with their new reason and one more attempt. */
  rejected: number;
}

/**
 * Sends rejected rows through the present declaration, one at a time and in order. Each is settled in the
 * reject file only after the sink holds it (invariant 1); its token is the reject's and the attempt's, so that a
 * sink with a ledger writes it once, however often a replay is killed and repeated.
 */
export async function replay(
  way: ReplayWay,
  records: readonly RejectRecord[],
  rejects: RejectStore,
  stop: AbortSignal,
): Promise<Replayed> {
  const sum: Replayed = { written: 0, unchanged: 0, rejected: 0 };
  await way.sink.open({ resume: true });
  const writer = await way.sink.writer();
  try {
    for (const record of records) {
      if (stop.aborted) throw stop.reason;
      const outcome = await replayOne(way, writer, record);
      const at = new Date().toISOString();
      if (outcome.kind === 'rejected') {
        sum.rejected++;
        const { reason, message } = outcome;
        await rejects.add([{ ...record, reason, message, attempts: record.attempts + 1, at }]);
        continue;
      }
      sum[outcome.kind]++;
      await rejects.add([{ token: record.token, index: record.index, settled: outcome.kind, at }]);
    }
    return sum;
  } finally {
    await writer.close();
    await way.sink.abandon();
  }
}

type Outcome =
  | { readonly kind: 'written' | 'unchanged' }
  | { readonly kind: 'rejected'; readonly reason: RejectRecord['reason']; readonly message: string };

async function replayOne(way: ReplayWay, writer: Writer, record: RejectRecord): Promise<Outcome> {
  const restored = restoredBatch(record, way.columns);
  if (await isTaken(way.sink, record)) return { kind: 'unchanged' };
  if (record.unread && !way.readAgain) {
    return { kind: 'rejected', reason: record.reason, message: record.message };
  }
  const incoming = record.unread ? ((await way.readAgain?.(restored)) ?? restored) : restored;
  const { batch, dropped } = record.mapped ? { batch: incoming, dropped: [] } : way.transform(incoming);
  const refusal = dropped[0]?.refusal;
  if (refusal) return { kind: 'rejected', reason: refusal.code, message: refusal.message };
  const { run, token, index, attempts } = record;
  const written = await writer.write(batch, `replay.${run}.${token}.${index}.${attempts}`);
  const refused = written.rejects[0];
  if (refused) return { kind: 'rejected', reason: refused.code, message: refused.message };
  return { kind: written.written > 0 ? 'written' : 'unchanged' };
}

/** A change that was refused and handed over once more may have been written then, by a declaration that was mended. */
async function isTaken(sink: Sink, { change, run }: RejectRecord): Promise<boolean> {
  const taken = change && (await sink.taken?.([change], run));
  if (!change || !taken) return false;
  const known = changeIdentity(change);
  return taken.has(known) && taken.get(known) === undefined;
}
