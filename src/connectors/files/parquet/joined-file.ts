import { type FileHandle, open } from 'node:fs/promises';
import { type Footer, footerOf, movedGroups, readFooter } from './footer.js';

/** Begins and ends a Parquet file. */
const MAGIC = Buffer.from('PAR1');
/** After a footer: its length, and the magic word. */
const TAIL_BYTES = 8;
const COPY_BYTES = 1024 * 1024;

/**
 * A Parquet file that is put together of others with the same columns: their row groups as they are, one after the other, and a
 * footer that describes all of them.
 */
export class JoinedFile {
  readonly #file: FileHandle;
  readonly #room = Buffer.allocUnsafeSlow(COPY_BYTES);
  readonly #groups: Buffer[] = [];
  #first: Footer | undefined;
  #rows = 0n;
  #length = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<JoinedFile> {
    const joined = new JoinedFile(await open(path, 'w', 0o600));
    await joined.#write(MAGIC);
    return joined;
  }

  /** Takes the rows of another Parquet file behind those that are there. */
  async add(path: string): Promise<void> {
    const file = await open(path, 'r');
    try {
      const { footer, start } = await footerIn(file);
      this.#first ??= footer;
      if (!footer.schema.equals(this.#first.schema)) throw new Error('files of other columns are not joined');
      const by = this.#length - MAGIC.length;
      this.#groups.push(...movedGroups(footer, { by, ordinal: this.#groups.length }));
      this.#rows += footer.rows;
      await this.#copy(file, MAGIC.length, start);
    } finally {
      await file.close();
    }
  }

  /** The file is whole then. At least one was added. */
  async end(): Promise<void> {
    if (!this.#first) throw new Error('a file without columns');
    const footer = footerOf(this.#first, this.#rows, this.#groups);
    const length = Buffer.alloc(TAIL_BYTES - MAGIC.length);
    length.writeUInt32LE(footer.length);
    await this.#write(Buffer.concat([footer, length, MAGIC]));
    await this.close();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #copy(from: FileHandle, start: number, end: number): Promise<void> {
    for (let at = start; at < end; ) {
      const { bytesRead } = await from.read(this.#room, 0, Math.min(COPY_BYTES, end - at), at);
      if (bytesRead === 0) throw new RangeError('a file became shorter while it was read');
      await this.#write(this.#room.subarray(0, bytesRead));
      at += bytesRead;
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, done);
      done += bytesWritten;
    }
    this.#length += bytes.length;
  }
}

async function footerIn(file: FileHandle): Promise<{ readonly footer: Footer; readonly start: number }> {
  const { size } = await file.stat();
  const tail = await bytesAt(file, size - TAIL_BYTES, TAIL_BYTES);
  const length = tail.readUInt32LE();
  const start = size - TAIL_BYTES - length;
  if (start < MAGIC.length || !tail.subarray(-MAGIC.length).equals(MAGIC)) {
    throw new RangeError('a file that is no Parquet');
  }
  return { footer: readFooter(await bytesAt(file, start, length)), start };
}

async function bytesAt(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, start + done);
    if (bytesRead === 0) throw new RangeError('a file that is cut short');
    done += bytesRead;
  }
  return bytes;
}
