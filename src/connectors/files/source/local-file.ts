import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../../connector.js';
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
  const path = await scratchFile(context, 'fetched');
  const release = () => rm(path, { force: true });
  try {
    // A plan has no scratch folder yet.
    await mkdir(context.scratch, { recursive: true, mode: 0o700 });
    const bytes = Readable.from(rawChunks(store, file, 0));
    await pipeline(bytes, createWriteStream(path, { mode: 0o600 }), { signal: context.signal });
    return { path, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** A name for a file in the scratch folder, which is made where it is missing. */
export async function scratchFile({ scratch }: Pick<Context, 'scratch'>, what: string): Promise<string> {
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  return join(scratch, `${what}-${randomUUID()}`);
}
