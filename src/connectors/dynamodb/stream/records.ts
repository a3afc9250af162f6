import { isUtf8 } from 'node:buffer';
import { tornAnswer } from '../../dynamodb-failures.js';
import { UnusualJson } from '../json-bytes.js';
import { type ScannedRecords, scanPage, UNKNOWN_EVENT } from './record-scanner.js';
import { StreamRecords } from './stream-records.js';

export interface RecordPage {
  readonly records: StreamRecords;
  /** Where the next page is; absent after the last of a closed shard. */
  readonly next?: string;
  /** Size of the answer. */
  readonly bytes: number;
}

/**
 * An answer of GetRecords. Numbers, sets and bytes stay the text that they came as.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
 * @throws SluiceError response_invalid, with no value of the records
 */
export function recordPage(received: Buffer, receivedMs: number): RecordPage {
  const scanned = scannedPage(received);
  for (let record = 0; record < scanned.length; record++) check(scanned, record);
  const records = new StreamRecords(scanned, new Date(receivedMs).toISOString());
  const { next } = scanned;
  return { records, bytes: received.length, ...(next === undefined ? {} : { next }) };
}

export const { records: noRecords } = recordPage(Buffer.from('{"Records":[]}'), 0);

/** The answer as it came, or spelled anew where it is of another form than DynamoDB's. */
function scannedPage(received: Buffer): ScannedRecords {
  try {
    if (isUtf8(received)) return scanPage(received);
  } catch (error) {
    if (!(error instanceof UnusualJson)) throw error;
  }
  try {
    return scanPage(Buffer.from(JSON.stringify(JSON.parse(received.toString('utf8')))));
  } catch {
    // The parser's own words would quote the body, and with it values (invariant 8).
    throw tornAnswer('GetRecords', 'the answer is not that of a page of records');
  }
}

function check(
  { events, sequenceStarts, sequenceEnds, times, firsts }: ScannedRecords,
  record: number,
): void {
  const hasSequence = (sequenceEnds[record] as number) > (sequenceStarts[record] as number);
  const isKnown = events[record] !== UNKNOWN_EVENT;
  if (!isKnown || !hasSequence || !Number.isFinite(times[record])) {
    throw tornAnswer('GetRecords', 'a record lacks its event, its sequence number or its time');
  }
  if ((firsts[record] as number) < 0) {
    throw tornAnswer('GetRecords', 'a record lacks its key, or the item as it became');
  }
}
