import type { Writer } from '../../connectors/connector.js';
import type { Batch } from '../../values/batch.js';
import type { CopyPlan } from '../plan.js';
import type { RejectRecord, RejectSettled } from '../rejects.js';
import type { Replayed } from '../replay.js';
import { rowKey } from './row-key.js';
import type { SharedSourceTimes } from './source-times.js';

/** A row that was refused when it was received. */
export interface ReceivedReject {
  readonly record: RejectRecord;
  /** Absent where the message holds none. */
  readonly batch?: Batch;
  /** Takes it off where it is kept; it was written, or is there as new or newer. */
  settle(settled: RejectSettled['settled']): Promise<void>;
  /** Keeps it, with why it was refused this time. */
  keep(again: Pick<RejectRecord, 'reason' | 'message'>): Promise<void>;
}

/**
 * Sends rows to the sink that were received and refused before, one at a time. They were mapped and masked before they
 * were sent. A row that is older than what was written of its key is settled as unchanged.
 */
export async function replayReceived(
  { sink, sinkPlan }: Pick<CopyPlan, 'sink' | 'sinkPlan'>,
  times: SharedSourceTimes,
  rejects: readonly ReceivedReject[],
  stop: AbortSignal,
): Promise<Replayed> {
  const sum: Replayed = { written: 0, unchanged: 0, rejected: 0 };
  await sink.open({ resume: true });
  const writer = await sink.writer();
  try {
    for (const reject of rejects) {
      if (stop.aborted) throw stop.reason;
      sum[await replayOne(writer, sinkPlan.key, times, reject)]++;
      await times.release();
    }
    return sum;
  } finally {
    await times.release();
    await writer.close();
    await sink.abandon();
  }
}

async function replayOne(
  writer: Writer,
  key: readonly string[],
  times: SharedSourceTimes,
  { record, batch, settle, keep }: ReceivedReject,
): Promise<keyof Replayed> {
  if (!batch) {
    await keep(record);
    return 'rejected';
  }
  const { run, token, attempts, readAtMs = 0 } = record;
  const row = { key: rowKey(batch, 0, key), readAtMs };
  // A function may be at work on a row of this key: this one stays where it is.
  if (!(await times.take([row.key])).has(row.key)) {
    await keep(record);
    return 'rejected';
  }
  if (times.isOld(row.key, readAtMs)) {
    await settle('unchanged');
    return 'unchanged';
  }
  const written = await writer.write(batch, `replay.${run}.${token}.${attempts}`);
  const refused = written.rejects[0];
  if (refused) {
    await keep({ reason: refused.code, message: refused.message });
    return 'rejected';
  }
  await times.add([row]);
  const settled = written.written > 0 ? 'written' : 'unchanged';
  await settle(settled);
  return settled;
}
