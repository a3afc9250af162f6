import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { PassThrough, type Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { FileBuild, Segment } from './format.js';

const READ_BYTES = 1024 * 1024;
/** Segments are added to a file of text when they are so long together. */
const ENOUGH_BYTES = 4 * 1024 * 1024;

export interface TextFileOrder {
  readonly header: Buffer;
  readonly path: string;
  readonly gzip: boolean;
  readonly signal: AbortSignal;
  /** Counts the rows of such a text. */
  readonly count: (text: Readable) => Promise<number>;
}

export function isEnoughText({ bytes }: { readonly bytes: number }): boolean {
  return bytes >= ENOUGH_BYTES;
}

/** Segments put together to one file of text, with the header first. */
export class TextFile implements FileBuild {
  readonly #order: TextFileOrder;
  readonly #into: Transform;
  readonly #written: Promise<void>;

  constructor(order: TextFileOrder) {
    const { header, path, gzip, signal } = order;
    this.#order = order;
    this.#into = gzip ? createGzip() : new PassThrough();
    const file = createWriteStream(path, { mode: 0o600 });
    this.#written = pipeline(this.#into, file, { signal });
    this.#written.catch(() => undefined); // whoever adds or ends is told
    if (header.length > 0) this.#into.write(header);
  }

  async add(segments: readonly Segment[]): Promise<void> {
    for (const { path } of segments) {
      for await (const piece of createReadStream(path, { highWaterMark: READ_BYTES })) {
        if (!this.#into.write(piece)) await Promise.race([once(this.#into, 'drain'), this.#written]);
      }
    }
  }

  async end(): Promise<{ readonly rows: number }> {
    const { path, gzip, count } = this.#order;
    this.#into.end();
    await this.#written;
    return { rows: await count(textOf(path, gzip)) };
  }

  async close(): Promise<void> {
    this.#into.destroy();
    await this.#written.catch(() => undefined);
  }
}

/** The text of such a file. */
function textOf(path: string, gzip: boolean): Readable {
  const file = createReadStream(path, { highWaterMark: READ_BYTES });
  if (!gzip) return file;
  const text = createGunzip({ chunkSize: READ_BYTES });
  pipeline(file, text).catch((error: Error) => text.destroy(error));
  return text;
}
