import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { SluiceError } from '../errors.js';

/**
 * A file of JSON records, one a line, mode 0600, appended and synced. Records that are added while a sync is
 * under way share the next one. A torn last line, left by a kill or a power loss, counts as not written.
 */
export class RecordFile {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #guard: () => Promise<void>;
  #waiting: {
    readonly line: string;
    readonly done: () => void;
    readonly failed: (error: unknown) => void;
  }[] = [];
  #flushing: Promise<void> | undefined;
  /** Of what is whole. */
  #length: number;
  /** A write failed half-way: what it left beyond the whole records must go before the next one. */
  #torn = false;

  private constructor(path: string, file: FileHandle, length: number, guard: () => Promise<void>) {
    this.#path = path;
    this.#file = file;
    this.#length = length;
    this.#guard = guard;
  }

  /**
   * Opens for appending, made if it is missing; gives the records that are there. `guard` is called before
   * each write and may throw (the lease's fence).
   */
  static async open(
    path: string,
    guard: () => Promise<void>,
  ): Promise<{ file: RecordFile; records: unknown[] }> {
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

  /** Durable when it returns. */
  add(record: object): Promise<void> {
    const added = new Promise<void>((done, failed) => {
      this.#waiting.push({ line: `${JSON.stringify(record)}\n`, done, failed });
    });
    this.#flushing ??= this.#flush();
    return added;
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#guard();
        await this.#append(group.map((entry) => entry.line).join(''));
        for (const entry of group) entry.done();
      } catch (error) {
        for (const entry of group) entry.failed(error);
      }
    }
    this.#flushing = undefined;
  }

  async #append(text: string): Promise<void> {
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
