import type { Writer } from '../connectors/connector.js';
import { Transform } from '../transform/transform.js';
import type { CopyPlan } from './plan.js';
import { type RejectRecord, type RejectStore, restoredBatch } from './rejects.js';

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
  plan: CopyPlan,
  records: readonly RejectRecord[],
  rejects: RejectStore,
  stop: AbortSignal,
): Promise<Replayed> {
  const sum: Replayed = { written: 0, unchanged: 0, rejected: 0 };
  const transform = new Transform(plan.transformOptions, true, plan.sinkPlan.key);
  await plan.sink.open({ resume: true });
  const writer = await plan.sink.writer();
  try {
    for (const record of records) {
      if (stop.aborted) throw stop.reason;
      const outcome = await replayOne(plan, transform, writer, record);
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
    await plan.sink.abandon();
  }
}

type Outcome =
  | { readonly kind: 'written' | 'unchanged' }
  | { readonly kind: 'rejected'; readonly reason: RejectRecord['reason']; readonly message: string };

async function replayOne(
  plan: CopyPlan,
  transform: Transform,
  writer: Writer,
  record: RejectRecord,
): Promise<Outcome> {
  const restored = restoredBatch(record, plan.description.columns);
  if (record.unread && !plan.source.readAgain) {
    return { kind: 'rejected', reason: record.reason, message: record.message };
  }
  const incoming = record.unread ? ((await plan.source.readAgain?.(restored)) ?? restored) : restored;
  const { batch, dropped } = transform.apply(incoming);
  const refusal = dropped[0]?.refusal;
  if (refusal) return { kind: 'rejected', reason: refusal.code, message: refusal.message };
  const { run, token, index, attempts } = record;
  const written = await writer.write(batch, `replay.${run}.${token}.${index}.${attempts}`);
  const refused = written.rejects[0];
  if (refused) return { kind: 'rejected', reason: refused.code, message: refused.message };
  return { kind: written.written > 0 ? 'written' : 'unchanged' };
}
