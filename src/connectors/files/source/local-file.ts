import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SourceFile } from './found-table.js';
import type { TableRequest } from './table-reader.js';
import { rawChunks } from './text-chunks.js';

/** A file of the store on this machine's disk. */
export interface LocalFile {
  readonly path: string;
  /** Takes it away, if it was fetched. */
  release(): Promise<void>;
}

/** The file itself where the store has it here; else it is fetched into the scratch folder. */
export async function localFile(
  { store, context }: Pick<TableRequest, 'store' | 'context'>,
  file: SourceFile,
): Promise<LocalFile> {
  const own = await store.localPath?.(file.name);
  if (own !== undefined) return { path: own, release: async () => undefined };
  const path = join(context.scratch, `fetched-${randomUUID()}`);
  const release = () => rm(path, { force: true });
  try {
    const bytes = Readable.from(rawChunks(store, file, 0));
    await pipeline(bytes, createWriteStream(path, { mode: 0o600 }), { signal: context.signal });
    return { path, release };
  } catch (error) {
    await release();
    throw error;
  }
}
