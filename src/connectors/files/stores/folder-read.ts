import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SluiceError } from '../../../errors.js';
import { folderFailure } from './folder-failures.js';

const READ_BYTES = 256 * 1024;

/** The bytes of a file from `start` on and below `end`, as long as it was when it was opened. */
export async function fileBytes(
  path: string,
  name: string,
  { start, end }: { readonly start: number; readonly end?: number },
  signal: AbortSignal,
): Promise<Readable> {
  // Without waiting: a named pipe would make the program stand still.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new SluiceError('unsupported', `${name} is no file`);
    return new FileBytes(file, name, { start, end: Math.min(end ?? found.size, found.size) }, signal);
  } catch (error) {
    await file.close();
    throw error;
  }
}

class FileBytes extends Readable {
  readonly #file: FileHandle;
  readonly #name: string;
  readonly #end: number;
  readonly #stop: AbortSignal;
  #at: number;

  constructor(
    file: FileHandle,
    name: string,
    range: { readonly start: number; readonly end: number },
    signal: AbortSignal,
  ) {
    super({ highWaterMark: READ_BYTES });
    this.#file = file;
    this.#name = name;
    this.#at = range.start;
    this.#end = range.end;
    this.#stop = signal;
  }

  override _read(): void {
    this.#next().then(
      (bytes) => this.push(bytes),
      (error: unknown) => this.destroy(error as Error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#file.close().then(
      () => done(error),
      (failure: Error) => done(error ?? failure),
    );
  }

  async #next(): Promise<Buffer | null> {
    this.#stop.throwIfAborted();
    if (this.#at >= this.#end) return null;
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, this.#end - this.#at));
    const bytesRead = await this.#read(buffer);
    if (bytesRead === 0)
      throw new SluiceError('file_changed', `${this.#name} was cut short while it was read`);
    this.#at += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  async #read(buffer: Buffer): Promise<number> {
    try {
      return (await this.#file.read(buffer, 0, buffer.length, this.#at)).bytesRead;
    } catch (error) {
      throw folderFailure('read', this.#name, error);
    }
  }
}
