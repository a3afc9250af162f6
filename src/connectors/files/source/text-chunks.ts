import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SluiceError } from '../../../errors.js';
import type { Store } from '../../store.js';
import type { SourceFile } from './found-table.js';

const GUNZIP_BYTES = 256 * 1024;

/**
 * The text of a file from this byte on, uncompressed. Of a compressed file all is read up to there.
 * @throws SluiceError file_missing, file_changed where it is not as long as it was listed, file_torn
 */
export async function* textChunks(
  store: Store,
  file: SourceFile,
  start: number,
): AsyncGenerator<Buffer, void, void> {
  if (!file.name.endsWith('.gz')) {
    yield* rawChunks(store, file, start);
    return;
  }
  let left = start;
  for await (const chunk of gunzipped(rawChunks(store, file, 0), file.name)) {
    if (chunk.length > left) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

/** The bytes of a file as they lie in the store, from this one on. */
export async function* rawChunks(
  store: Store,
  file: SourceFile,
  start: number,
): AsyncGenerator<Buffer, void, void> {
  if (start >= file.bytes) return;
  const readable = await store.open(file.name, { start });
  if (!readable) throw new SluiceError('file_missing', `${file.name} is not there any more`);
  let read = start;
  for await (const chunk of readable as AsyncIterable<Buffer>) {
    read += chunk.length;
    yield chunk;
  }
  if (read === file.bytes) return;
  const message = `${file.name} has ${read} bytes, and had ${file.bytes} when it was listed`;
  throw new SluiceError('file_changed', message, { hint: 'nobody may write to a file that is read' });
}

async function* gunzipped(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer, void, void> {
  const text = createGunzip({ chunkSize: GUNZIP_BYTES });
  const feeding = feed(chunks, text);
  // Whoever reads `text` is told by it.
  feeding.catch((error: Error) => text.destroy(error));
  try {
    yield* text as AsyncIterable<Buffer>;
    await feeding;
  } catch (error) {
    throw gunzipFailure(error, name);
  } finally {
    text.destroy();
    await feeding.catch(() => undefined);
  }
}

async function feed(chunks: AsyncIterable<Buffer>, text: ReturnType<typeof createGunzip>): Promise<void> {
  for await (const chunk of chunks) {
    if (text.destroyed) return;
    if (!text.write(chunk)) await drained(text);
  }
  text.end();
}

/** Also when it is closed: then nobody reads any more. */
function drained(text: Readable & NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      text.off('drain', done);
      text.off('close', done);
      resolve();
    };
    text.once('drain', done);
    text.once('close', done);
    if (text.destroyed) done();
  });
}

/** zlib's own errors say what is wrong with the bytes: https://nodejs.org/api/zlib.html */
function gunzipFailure(error: unknown, name: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (typeof code !== 'string' || !code.startsWith('Z_')) return error;
  const what = code === 'Z_BUF_ERROR' ? 'it was cut short' : 'it is not gzip, or was changed';
  return new SluiceError('file_torn', `${name} cannot be uncompressed: ${what}`, { cause: error });
}
