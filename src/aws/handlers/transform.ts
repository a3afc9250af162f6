import type { MappedRecord, OpenMapper } from '../../flow/handed/open-mapper.js';
import { sentRecord } from '../../flow/handed/set-aside.js';
import {
  type FirehoseAnswer,
  type FirehoseEvent,
  type FirehoseResult,
  withinLimit,
} from './events/firehose-event.js';

/**
 * Makes lines of changes. A change that is refused is kept as a reject with its reason, and dropped here; what cannot be read
 * at all goes to the error prefix as it came.
 */
export async function transformEvent(
  mapper: OpenMapper,
  { records }: FirehoseEvent,
): Promise<{
  readonly answer: FirehoseAnswer;
  readonly counts: Awaited<ReturnType<OpenMapper['map']>>['counts'];
}> {
  const { mapped, counts } = await mapper.map(records.map(({ data }) => sentRecord(data)));
  const data = new Map(records.map((record) => [record.recordId, record.data]));
  const results = records.map(({ recordId, data: came }, index) => resultOf(recordId, came, mapped[index]));
  return { answer: { records: withinLimit(results, (recordId) => data.get(recordId) ?? '') }, counts };
}

function resultOf(recordId: string, came: string, mapped: MappedRecord | undefined): FirehoseResult {
  if (typeof mapped === 'object') {
    return { recordId, result: 'Ok', data: Buffer.from(mapped.line).toString('base64') };
  }
  const isDone = mapped === 'rejected' || mapped === 'unwanted';
  return { recordId, result: isDone ? 'Dropped' : 'ProcessingFailed', data: isDone ? '' : came };
}
