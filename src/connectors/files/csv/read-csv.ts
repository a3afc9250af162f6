import { SluiceError } from '../../../errors.js';
import { NULL_START } from '../../../values/text-rows.js';
import { type FileBatch, MAX_RECORD_BYTES, type TextPlace, type TextReading } from '../file-batch.js';
import { GrowingBytes } from '../growing-bytes.js';
import { type CsvColumn, CsvRows } from './csv-rows.js';
import { RecordScanner, TornCsv } from './record-scanner.js';

/** How the records of a file become rows. */
export interface CsvShape {
  readonly columns: readonly CsvColumn[];
  /** Fields of a record. */
  readonly perRecord: number;
}

/**
 * Reads records behind the header. Rows are `refused` whose fields are too few, too many or not of their column's form; a
 * line of nothing is passed over where rows have more than one field.
 * @throws SluiceError file_torn where a record's border is not certain
 */
export async function* readCsv(shape: CsvShape, reading: TextReading): AsyncGenerator<FileBatch<TextPlace>> {
  const records = new CsvRecords(shape, reading);
  try {
    for (let batch = await records.next(); batch; batch = await records.next()) yield batch;
  } finally {
    await records.close();
  }
}

/** The names in a file's first record, and the place behind it. @throws SluiceError file_torn */
export async function readHeader(
  name: string,
  chunks: AsyncIterable<Buffer>,
): Promise<{ readonly names: readonly string[]; readonly place: TextPlace } | undefined> {
  const growing = new GrowingBytes(chunks, 0);
  const scanner = new RecordScanner(growing.bytes);
  try {
    for (;;) {
      const start = await afterMark(growing);
      scanner.move(growing.bytes, start);
      if (scanner.next(growing.ended)) break;
      if (growing.ended) return undefined;
      await growing.grow(0, 0);
      checkLength(`${name} line 1`, growing.bytes.length);
    }
    const names = Array.from({ length: scanner.count }, (_, field) =>
      scanner.starts[field] === NULL_START
        ? ''
        : growing.bytes.toString('utf8', scanner.starts[field], scanner.ends[field]),
    );
    return { names, place: { offset: scanner.at, line: scanner.lines + 1, rows: 0 } };
  } catch (error) {
    throw torn(error, `${name} line 1`);
  } finally {
    await growing.close();
  }
}

const MARK = Buffer.from('\uFEFF');

/** 3 where the bytes begin with a byte order mark, which is no part of the text. */
export async function afterMark(growing: GrowingBytes): Promise<number> {
  while (growing.bytes.length < MARK.length && !growing.ended) await growing.grow(0, 0);
  return growing.bytes.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
}

class CsvRecords {
  readonly #shape: CsvShape;
  readonly #reading: TextReading;
  readonly #growing: GrowingBytes;
  readonly #scanner: RecordScanner;
  readonly #rows: CsvRows;
  readonly #columns;
  /** Where the batch begins in the bytes. */
  #first = 0;
  #read: number;

  constructor(shape: CsvShape, reading: TextReading) {
    this.#shape = shape;
    this.#reading = reading;
    this.#growing = new GrowingBytes(reading.chunks, reading.place.offset);
    this.#scanner = new RecordScanner(this.#growing.bytes);
    this.#rows = new CsvRows(shape.columns, shape.perRecord);
    this.#columns = Object.freeze(shape.columns.map(({ column }) => column));
    this.#read = reading.place.rows;
  }

  async next(): Promise<FileBatch<TextPlace> | undefined> {
    const { maxRows, maxBytes } = this.#reading.request;
    this.#first = this.#scanner.at;
    while (this.#rows.length < maxRows && this.#rows.size < maxBytes && (await this.#record())) {
      // A record is taken in by asking for it.
    }
    if (this.#rows.length === 0) return undefined;
    this.#read += this.#rows.length;
    const taken = this.#rows.take(this.#growing.bytes);
    return { ...taken, columns: this.#columns, place: this.#place() };
  }

  close(): Promise<void> {
    return this.#growing.close();
  }

  #place(): TextPlace {
    return { offset: this.#growing.offset + this.#scanner.at, line: this.#line(), rows: this.#read };
  }

  #line(): number {
    return this.#reading.place.line + this.#scanner.lines;
  }

  /** Takes the next record in; false where there is none. */
  async #record(): Promise<boolean> {
    const { until = Number.POSITIVE_INFINITY } = this.#reading;
    for (;;) {
      if (this.#growing.offset + this.#scanner.at >= until) return false;
      const line = this.#line();
      const start = this.#scanner.at;
      if (!this.#passes(line)) {
        if (this.#growing.ended) return false;
        await this.#grow();
      } else if (!this.#isBlank()) {
        const row = this.#read + this.#rows.length + 1;
        this.#rows.add(this.#scanner, start, () => this.#reading.where({ line, row }));
        return true;
      }
    }
  }

  #passes(line: number): boolean {
    try {
      return this.#scanner.next(this.#growing.ended);
    } catch (error) {
      throw torn(error, this.#here(line));
    }
  }

  #here(line: number): string {
    return this.#reading.where({ line, row: this.#read + this.#rows.length + 1 });
  }

  #isBlank(): boolean {
    const { count, starts } = this.#scanner;
    return count === 1 && starts[0] === NULL_START && this.#shape.perRecord > 1;
  }

  async #grow(): Promise<void> {
    const from = this.#scanner.at;
    const kept = this.#rows.length === 0 ? from : this.#first;
    checkLength(this.#here(this.#line()), this.#growing.bytes.length - from);
    await this.#growing.grow(kept, from);
    if (kept > 0) this.#rows.shift(kept);
    this.#first = 0;
    this.#scanner.move(this.#growing.bytes, from - kept);
  }
}

function checkLength(where: string, bytes: number): void {
  if (bytes <= MAX_RECORD_BYTES) return;
  throw new SluiceError('file_torn', `${where}: a record of more than ${MAX_RECORD_BYTES} bytes`, {
    hint: 'a quote that is never closed makes one record of all that follows',
  });
}

function torn(error: unknown, where: string): unknown {
  if (!(error instanceof TornCsv)) return error;
  return new SluiceError('file_torn', `${where}: ${error.message}`, {
    hint: 'where one row ends is not certain from here on: mend the file',
  });
}
