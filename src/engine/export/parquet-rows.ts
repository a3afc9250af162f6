import type { Readable } from 'node:stream';
import type { Store, StoredObject } from '../../connectors/store.js';
import { SluiceError } from '../../errors.js';

/** The last bytes of a file: nearly always all of its footer. */
const TAIL_BYTES = 64 * 1024;
/** The length of the footer, and the magic number. https://parquet.apache.org/docs/file-format/ */
const END_BYTES = 8;
/** A footer is read into memory. */
const MAX_FOOTER_BYTES = 64 * 1024 * 1024;
const MAGIC = 'PAR1';

/** How many rows a Parquet file has, by its footer. Throws `export_incomplete` where it is cut short or is none. */
export async function parquetRows(store: Store, object: StoredObject): Promise<number> {
  const rows = rowsIn(await parquetFooter(store, object));
  if (rows === undefined) throw torn(object.name, 'its footer cannot be read');
  return rows;
}

/** What the end of a Parquet file says of it. Throws `export_incomplete` where it is cut short or is none. */
export async function parquetFooter(
  store: Store,
  { name, bytes }: Pick<StoredObject, 'name' | 'bytes'>,
): Promise<Buffer> {
  if (bytes < END_BYTES + MAGIC.length) throw torn(name, 'it is too short');
  const tail = await bytesOf(store, name, Math.max(0, bytes - TAIL_BYTES), bytes);
  const end = tail.subarray(-END_BYTES);
  if (end.toString('latin1', 4) !== MAGIC) throw torn(name, 'it does not end as Parquet does');
  const length = end.readUInt32LE(0);
  if (length > bytes - END_BYTES - MAGIC.length || length > MAX_FOOTER_BYTES) {
    throw torn(name, 'its footer has no possible length');
  }
  return length + END_BYTES <= tail.length
    ? tail.subarray(tail.length - END_BYTES - length, tail.length - END_BYTES)
    : await bytesOf(store, name, bytes - END_BYTES - length, bytes - END_BYTES);
}

async function bytesOf(store: Store, name: string, start: number, end: number): Promise<Buffer> {
  const stream: Readable | undefined = await store.open(name, { start, end });
  if (!stream) throw torn(name, 'it is gone');
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  const bytes = Buffer.concat(pieces);
  if (bytes.length !== end - start) throw torn(name, 'it is shorter than it was');
  return bytes;
}

function torn(name: string, why: string): SluiceError {
  return new SluiceError('export_incomplete', `the export is not complete: ${name}: ${why}`, {
    hint: 'run again: a new export is made; the one before it stays until then',
    retry: 'later',
  });
}

/** Field 3 of FileMetaData, `num_rows`: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const NUM_ROWS = 3;

/** Thrift's compact protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const MAP = 11;
const STRUCT = 12;
const UUID = 13;
/** Structs within structs: FileMetaData has five levels. */
const MAX_DEPTH = 32;

function rowsIn(footer: Buffer): number | undefined {
  try {
    const reader = new CompactReader(footer);
    let field = 0;
    for (;;) {
      const header = reader.field(field);
      if (header.type === STOP) return undefined;
      field = header.id;
      if (field === NUM_ROWS && header.type === I64) return Number(reader.integer());
      reader.skip(header.type, 0);
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Throws RangeError for what is no such text. */
class CompactReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  field(before: number): { readonly id: number; readonly type: number } {
    const head = this.#byte();
    const type = head & 0x0f;
    const step = head >> 4;
    if (type === STOP) return { id: before, type };
    return { id: step === 0 ? Number(this.integer()) : before + step, type };
  }

  /** Zigzag. */
  integer(): bigint {
    const raw = this.#varint();
    return (raw >> 1n) ^ -(raw & 1n);
  }

  skip(type: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError('too deep');
    if (type === TRUE || type === FALSE) return;
    if (type === BYTE) this.#pass(1);
    else if (type >= I16 && type <= I64) this.#varint();
    else if (type === DOUBLE) this.#pass(8);
    else if (type === BINARY) this.#pass(Number(this.#varint()));
    else if (type === LIST || type === SET) this.#skipList(depth);
    else if (type === MAP) this.#skipMap(depth);
    else if (type === STRUCT) this.#skipStruct(depth);
    else if (type === UUID) this.#pass(16);
    else throw new RangeError('no such type');
  }

  #skipList(depth: number): void {
    const head = this.#byte();
    const short = head >> 4;
    const count = short === 0x0f ? Number(this.#varint()) : short;
    for (let index = 0; index < count; index++) this.#skipElement(head & 0x0f, depth + 1);
  }

  #skipMap(depth: number): void {
    const count = Number(this.#varint());
    if (count === 0) return;
    const types = this.#byte();
    for (let index = 0; index < count; index++) {
      this.#skipElement(types >> 4, depth + 1);
      this.#skipElement(types & 0x0f, depth + 1);
    }
  }

  #skipStruct(depth: number): void {
    for (let id = 0; ; ) {
      const header = this.field(id);
      if (header.type === STOP) return;
      id = header.id;
      this.skip(header.type, depth + 1);
    }
  }

  /** Within a list or a map a truth is a byte of its own. */
  #skipElement(type: number, depth: number): void {
    if (type === TRUE || type === FALSE) this.#pass(1);
    else this.skip(type, depth);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('no end of a number');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('no more bytes');
    return byte;
  }

  #pass(bytes: number): void {
    this.#at += bytes;
    if (this.#at > this.#bytes.length) throw new RangeError('no more bytes');
  }
}
