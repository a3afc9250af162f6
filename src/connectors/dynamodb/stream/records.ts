import { isUtf8 } from 'node:buffer';
import type { Change } from '../../../values/batch.js';
import { tornAnswer } from '../failures.js';
import { UnusualJson } from '../json-bytes.js';
import { type ScannedRecord, scanPage } from './record-scanner.js';

/** One change as the stream tells it. */
export interface StreamRecord {
  /** In `bytes` from `start` to `end` stands the JSON of the item as it became; after a removal that of its key. */
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly change: Change;
  /** `change.changedAt` in milliseconds since 1970. */
  readonly atMs: number;
}

export interface RecordPage {
  readonly records: readonly StreamRecord[];
  /** Where the next page is; absent after the last of a closed shard. */
  readonly next?: string;
  /** Size of the answer. */
  readonly bytes: number;
}

const events: Readonly<Record<string, Change['event']>> = {
  INSERT: 'insert',
  MODIFY: 'modify',
  REMOVE: 'remove',
};

/**
 * An answer of GetRecords. Numbers, sets and bytes stay the text that they came as.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
 * @throws SluiceError response_invalid, with no value of the records
 */
export function recordPage(received: Buffer, receivedMs: number): RecordPage {
  const { bytes, page } = scanned(received);
  const receivedAt = new Date(receivedMs).toISOString();
  const records = page.records.map((record) => recordOf(bytes, record, receivedAt));
  return { records, bytes: received.length, ...(page.next === undefined ? {} : { next: page.next }) };
}

/** The answer as it came, or spelled anew where it is of another form than DynamoDB's. */
function scanned(received: Buffer): { readonly bytes: Buffer; readonly page: ReturnType<typeof scanPage> } {
  try {
    if (isUtf8(received)) return { bytes: received, page: scanPage(received) };
  } catch (error) {
    if (!(error instanceof UnusualJson)) throw error;
  }
  try {
    const bytes = Buffer.from(JSON.stringify(JSON.parse(received.toString('utf8'))));
    return { bytes, page: scanPage(bytes) };
  } catch {
    // The parser's own words would quote the body, and with it values (invariant 8).
    throw tornAnswer('GetRecords', 'the answer is not that of a page of records');
  }
}

function recordOf(bytes: Buffer, record: ScannedRecord, receivedAt: string): StreamRecord {
  const { sequence = '', seconds, key, image } = record;
  const event = events[record.event ?? ''];
  const atMs = Math.round(Number(seconds) * 1000);
  if (!key || !event || !/^\d+$/.test(sequence) || !Number.isFinite(atMs)) {
    throw tornAnswer('GetRecords', 'a record lacks its key, its event, its sequence number or its time');
  }
  const item = event === 'remove' ? key : image;
  if (!item) throw tornAnswer('GetRecords', 'a record lacks the item as it became');
  const change: Change = {
    event,
    sequence,
    changedAt: timeText(atMs),
    receivedAt,
    ...(event === 'remove' && isExpiry(record.identity) ? { expired: true } : {}),
  };
  return { bytes, start: item.start, end: item.end, change, atMs };
}

let lastAtMs = Number.NaN;
let lastText = '';

/** `2026-11-01T00:00:00Z`, with milliseconds only where there are any. Many changes are of the same second. */
function timeText(atMs: number): string {
  if (atMs !== lastAtMs) {
    lastText = new Date(atMs).toISOString().replace('.000Z', 'Z');
    lastAtMs = atMs;
  }
  return lastText;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html */
function isExpiry(identity: string | undefined): boolean {
  if (identity === undefined) return false;
  const fields = JSON.parse(identity) as Readonly<Record<string, unknown>> | null;
  const type = fields?.['Type'] ?? fields?.['type'];
  const principal = fields?.['PrincipalId'] ?? fields?.['principalId'];
  return type === 'Service' && principal === 'dynamodb.amazonaws.com';
}
