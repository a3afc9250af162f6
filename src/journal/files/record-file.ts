import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SluiceError } from '../../errors.js';
import { GroupedWrites, lineOf } from '../grouped-writes.js';
import type { Guard, Log, Reduce } from '../state.js';

/**
 * A file of JSON records, one a line, mode 0600, appended and synced. Records that are added while a sync is
 * under way share the next one. A torn last line, left by a kill or a power loss, counts as not written.
 */
export class RecordFile implements Log {
  readonly #path: string;
  #file: FileHandle;
  readonly #guard: Guard;
  readonly #writes: GroupedWrites;
  /** Of what is whole. */
  #length: number;
  /** A write failed half-way: what it left beyond the whole records must go before the next one. */
  #torn = false;

  private constructor(path: string, file: FileHandle, length: number, guard: Guard) {
    this.#path = path;
    this.#file = file;
    this.#length = length;
    this.#guard = guard;
    this.#writes = new GroupedWrites({
      append: (lines) => this.#append(lines.join('')),
      replace: (reduce) => this.#replace(reduce),
    });
  }

  /**
   * Opens for appending, made if it is missing; gives the records that are there. `guard` is asked before
   * each write and may throw (the lease's fence).
   */
  static async open(path: string, guard: Guard): Promise<{ file: RecordFile; records: unknown[] }> {
    try {
      const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
      const handle = await open(path, flags, 0o600);
      const { records, length } = parseRecords(await handle.readFile(), path);
      await handle.truncate(length);
      return { file: new RecordFile(path, handle, length, guard), records };
    } catch (error) {
      throw error instanceof SluiceError ? error : unwritable(path, error);
    }
  }

  add(record: object): Promise<void> {
    return this.#writes.add(record);
  }

  rewrite(reduce: Reduce): Promise<void> {
    return this.#writes.rewrite(reduce);
  }

  async close(): Promise<void> {
    await this.#writes.settled();
    await this.#file.close();
  }

  /** By a file beside it that takes its name. */
  async #replace(reduce: Reduce): Promise<void> {
    await this.#guard.check();
    try {
      if (this.#torn) await this.#file.truncate(this.#length);
      this.#torn = false;
      const { records } = parseRecords(await readFile(this.#path), this.#path);
      const bytes = Buffer.from(
        reduce(records)
          .map((record) => lineOf(record as object))
          .join(''),
      );
      const path = `${this.#path}.new`;
      await rm(path, { force: true });
      const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
      await file.writeFile(bytes);
      await file.datasync();
      await rename(path, this.#path);
      await this.#file.close();
      this.#file = file;
      this.#length = bytes.length;
      await syncFolder(dirname(this.#path));
    } catch (error) {
      throw error instanceof SluiceError ? error : unwritable(this.#path, error);
    }
  }

  async #append(text: string): Promise<void> {
    await this.#guard.check();
    try {
      if (this.#torn) await this.#file.truncate(this.#length);
      this.#torn = true;
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(
          bytes,
          done,
          bytes.length - done,
          this.#length + done,
        );
        done += bytesWritten;
      }
      await this.#file.datasync();
      this.#length += bytes.length;
      this.#torn = false;
    } catch (error) {
      await this.#cut();
      throw unwritable(this.#path, error);
    }
  }

  /** Takes a torn write back at once where that can be done; else the next write, or the next run, does it. */
  async #cut(): Promise<void> {
    try {
      await this.#file.truncate(this.#length);
      this.#torn = false;
    } catch {
      // The error of the write says what is wrong with the file.
    }
  }
}

/** Which name is which file's is durable when it returns. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The whole lines of a file as records, and the length in bytes that they take. */
export function parseRecords(bytes: Buffer, path: string): { records: unknown[]; length: number } {
  const length = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, length).toString('utf8').split('\n').slice(0, -1);
  const records = lines.map((line, index) => {
    try {
      return JSON.parse(line) as unknown;
    } catch (error) {
      throw new SluiceError('state_unusable', `line ${index + 1} of ${path} is damaged`, {
        hint: 'start over with --fresh; what the sink holds stays as it is',
        cause: error,
      });
    }
  });
  return { records, length };
}

function unwritable(path: string, cause: unknown): SluiceError {
  const reason = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new SluiceError('state_unusable', `the journal ${path} cannot be written${reason}`, {
    hint: 'free space, or name another folder with --state',
    cause,
  });
}
