import { Readable } from 'node:stream';
import { CsvError, type InfoRecord, parse } from 'csv-parse';
import { SluiceError } from '../../../errors.js';
import type { Attribute } from '../../../values/cell.js';
import type { KeyAttribute } from '../key.js';
import type { Problem } from '../problem.js';
import { type Entry, type EntryMaker, textValue } from './entry.js';
import { BYTE_ORDER_MARK } from './lines.js';

/** Longer records are malformed: no more than this is held. */
const MAX_RECORD_BYTES = 1024 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true });

interface CsvRecord {
  readonly record: readonly Buffer[];
  readonly info: InfoRecord;
}

/** CSV (RFC 4180) with a header that names the key's attributes; other columns are not looked at. */
export async function* readCsv(chunks: AsyncIterable<Uint8Array>, maker: EntryMaker): AsyncGenerator<Entry> {
  const skipped: number[] = [];
  let places: readonly number[] | undefined;
  for await (const { record, info } of recordsOf(chunks, skipped)) {
    for (const line of skipped.splice(0)) yield malformed(maker, line);
    if (!places) {
      places = placesOf(record, maker.key);
      continue;
    }
    yield entryOf(info.lines, record, places, maker);
  }
  for (const line of skipped) yield malformed(maker, line);
}

function malformed(maker: EntryMaker, line: number): Entry {
  return maker.malformed(line, 'not a record of CSV, or longer than any key', '');
}

function recordsOf(chunks: AsyncIterable<Uint8Array>, skipped: number[]): AsyncIterable<CsvRecord> {
  const parser = parse({
    encoding: null,
    info: true,
    max_record_size: MAX_RECORD_BYTES,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      const line = error instanceof CsvError ? Number(error['lines'] ?? 0) : 0;
      // A record may be wrong in more than one way.
      if (skipped.at(-1) !== line) skipped.push(line);
      return undefined;
    },
  });
  const input = Readable.from(withoutMark(chunks));
  input.once('error', (error) => parser.destroy(error));
  return input.pipe(parser);
}

/** The parser's own way with a byte order mark would make text of all fields. */
async function* withoutMark(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (!first) {
      yield chunk;
      continue;
    }
    first = Buffer.concat([first, chunk]);
    if (first.length < BYTE_ORDER_MARK.length) continue;
    yield unmarked(first);
    first = undefined;
  }
  if (first) yield first;
}

function unmarked(bytes: Buffer): Buffer {
  const { length } = BYTE_ORDER_MARK;
  return bytes.subarray(0, length).equals(BYTE_ORDER_MARK) ? bytes.subarray(length) : bytes;
}

/** Where the key's attributes stand in a record. @throws SluiceError column_missing */
function placesOf(header: readonly Buffer[], key: readonly KeyAttribute[]): readonly number[] {
  const names = header.map((name) => name.toString('utf8').trim());
  return key.map(({ name }) => {
    const place = names.indexOf(name);
    if (place !== -1) return place;
    throw new SluiceError('column_missing', `the header of the key list has no column ${name}`, {
      path: 'from.keys',
      hint: `the first line names the columns, the table's key among them: ${key.map((part) => part.name).join(',')}`,
    });
  });
}

function entryOf(
  line: number,
  record: readonly Buffer[],
  places: readonly number[],
  maker: EntryMaker,
): Entry {
  const values = maker.key.map((attribute, index) => fieldValue(record[places[index] ?? -1], attribute));
  return maker.of(line, values, () => record.map((field) => field.toString('utf8')).join(','));
}

function fieldValue(field: Buffer | undefined, attribute: KeyAttribute): Attribute | Problem | undefined {
  if (field === undefined || field.length === 0) return undefined;
  try {
    return textValue(decoder.decode(field), attribute);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { code: 'key_invalid', message: `${attribute.name} is not UTF-8` };
  }
}
