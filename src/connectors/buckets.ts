import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { scratchFailure } from './scratch-failure.js';

/** One for each value of a record's first byte. */
const BUCKETS = 256;
/** A bucket is written to its file when it holds this much. */
const BUFFER_BYTES = 32 * 1024;
/** No character of JavaScript's (UTF-16) takes more bytes as UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

/** Records sorted into files by their first byte; bounded memory however many there are. */
export class Buckets {
  readonly #prefix: string;
  readonly #pending: (Buffer | undefined)[] = new Array<undefined>(BUCKETS).fill(undefined);
  readonly #bytes: number[] = new Array<number>(BUCKETS).fill(0);
  readonly #files = new Map<number, FileHandle>();
  /** Buffers that have been written: what is new to the collector would wait long for it. */
  readonly #free: Buffer[] = [];
  /** Writes go one after the other, whoever adds. */
  #turn: Promise<void> = Promise.resolve();

  constructor(folder: string, label: string) {
    this.#prefix = join(folder, label);
  }

  /** The record is copied. Wait for what is returned, if anything, before adding more. */
  add(record: Buffer): Promise<void> | undefined {
    const bucket = record[0] ?? 0;
    if (record.length > BUFFER_BYTES) return this.#addLarge(bucket, record);
    const { full, pending, at } = this.#room(bucket, record.length);
    pending.set(record, at);
    this.#bytes[bucket] = at + record.length;
    return full;
  }

  /** Adds `textRecord(head, text)` without making it first. The bucket is the head's first byte. */
  addText(head: Buffer, text: string): Promise<void> | undefined {
    const start = head.length + 4;
    const most = start + text.length * MAX_BYTES_PER_UNIT;
    if (most > BUFFER_BYTES) return this.add(textRecord(head, text));
    const bucket = head[0] ?? 0;
    const { full, pending, at } = this.#room(bucket, most);
    pending.set(head, at);
    const written = pending.write(text, at + start);
    pending.writeUInt32BE(written, at + head.length);
    this.#bytes[bucket] = at + start + written;
    return full;
  }

  /** The bucket's buffer with room for so many bytes; `full` is the write that made it. */
  #room(bucket: number, bytes: number) {
    const full = (this.#bytes[bucket] ?? 0) + bytes > BUFFER_BYTES ? this.#flush(bucket) : undefined;
    this.#pending[bucket] ??= this.#free.pop() ?? Buffer.allocUnsafe(BUFFER_BYTES);
    return { full, pending: this.#pending[bucket], at: this.#bytes[bucket] ?? 0 };
  }

  /** After the last record: writes what is pending and gives the file of each bucket that has records. */
  async finish(): Promise<BucketFiles> {
    for (let bucket = 0; bucket < BUCKETS; bucket++) await this.#flush(bucket);
    await this.#turn;
    const paths = new Map([...this.#files.keys()].map((bucket) => [bucket, this.#path(bucket)]));
    await this.close();
    return paths;
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.all(files.map((file) => file.close()));
  }

  #addLarge(bucket: number, record: Buffer): Promise<void> {
    this.#flush(bucket);
    return this.#append(bucket, Buffer.from(record));
  }

  #flush(bucket: number): Promise<void> {
    const pending = this.#pending[bucket];
    const used = this.#bytes[bucket] ?? 0;
    if (!pending || used === 0) return this.#turn;
    this.#pending[bucket] = undefined;
    this.#bytes[bucket] = 0;
    return this.#append(bucket, pending.subarray(0, used), pending);
  }

  /** `used` is free again once its bytes are written. */
  #append(bucket: number, bytes: Buffer, used?: Buffer): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      await this.#write(bucket, bytes);
      if (used) this.#free.push(used);
    });
    this.#turn.catch(() => undefined); // whoever adds or finishes next awaits it and throws
    return this.#turn;
  }

  async #write(bucket: number, bytes: Buffer): Promise<void> {
    const path = this.#path(bucket);
    try {
      let file = this.#files.get(bucket);
      if (!file) {
        file = await open(path, 'w', 0o600);
        this.#files.set(bucket, file);
      }
      await file.appendFile(bytes);
    } catch (error) {
      throw scratchFailure(path, error);
    }
  }

  #path(bucket: number): string {
    return `${this.#prefix}-${bucket.toString(16).padStart(2, '0')}`;
  }
}

/** The file of each bucket that has records. */
export type BucketFiles = ReadonlyMap<number, string>;

/** Sorts what `fill` adds into files of the folder, whose names begin with the label. */
export async function bucketed(
  folder: string,
  label: string,
  fill: (buckets: Buckets) => Promise<void>,
): Promise<BucketFiles> {
  const buckets = new Buckets(folder, label);
  try {
    await fill(buckets);
    return await buckets.finish();
  } finally {
    await buckets.close();
  }
}

/** Records of one size, in turn; a torn last one is left out. */
export async function* fixedRecords(path: string, size: number): AsyncGenerator<Buffer> {
  for await (const records of wholeRecords(path, () => size)) yield* records;
}

/** A record of `headBytes` and a text whose length stands in front of it as 4 bytes. */
export interface TextRecord {
  readonly head: Buffer;
  readonly text: string;
}

/** Such records in turn, as many at once as are read at once. */
export async function* textRecords(path: string, headBytes: number): AsyncGenerator<readonly TextRecord[]> {
  const start = headBytes + 4;
  const sizeOf = (bytes: Buffer, at: number) =>
    bytes.length - at < start ? start : start + bytes.readUInt32BE(at + headBytes);
  for await (const records of wholeRecords(path, sizeOf)) {
    yield records.map((bytes) => ({
      head: bytes.subarray(0, headBytes),
      text: bytes.toString('utf8', start),
    }));
  }
}

function textRecord(head: Buffer, text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  const record = Buffer.allocUnsafe(head.length + 4 + bytes);
  head.copy(record);
  record.writeUInt32BE(bytes, head.length);
  record.write(text, head.length + 4);
  return record;
}

async function* wholeRecords(path: string, sizeOf: (bytes: Buffer, at: number) => number) {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    const bytes: Buffer = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    const records: Buffer[] = [];
    let at = 0;
    for (;;) {
      const size = sizeOf(bytes, at);
      if (bytes.length - at < size) break;
      records.push(bytes.subarray(at, at + size));
      at += size;
    }
    if (records.length > 0) yield records;
    rest = bytes.subarray(at);
  }
}
