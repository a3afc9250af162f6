import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Segment } from './format.js';

const READ_BYTES = 1024 * 1024;

export interface TextFileOrder {
  readonly header: Buffer;
  readonly segments: readonly Segment[];
  readonly path: string;
  readonly gzip: boolean;
  readonly signal: AbortSignal;
}

/** Makes the segments one file of text, with the header first. */
export async function writeTextFile({ header, segments, path, gzip, signal }: TextFileOrder): Promise<void> {
  const source = Readable.from(piecesOf(header, segments), { objectMode: true });
  const file = createWriteStream(path, { mode: 0o600 });
  if (gzip) await pipeline(source, createGzip(), file, { signal });
  else await pipeline(source, file, { signal });
}

/** The text of such a file. */
export function readTextFile(path: string, gzip: boolean): Readable {
  const file = createReadStream(path, { highWaterMark: READ_BYTES });
  if (!gzip) return file;
  const text = createGunzip({ chunkSize: READ_BYTES });
  pipeline(file, text).catch((error: Error) => text.destroy(error));
  return text;
}

async function* piecesOf(header: Buffer, segments: readonly Segment[]): AsyncGenerator<Buffer> {
  if (header.length > 0) yield header;
  for (const { path } of segments) {
    yield* createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>;
  }
}
