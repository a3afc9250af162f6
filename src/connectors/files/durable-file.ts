import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './stores/folder-paths.js';

/** Ends names of what is not whole yet. */
export const UNFINISHED = '.tmp';

/** Written beside, made to last, and renamed: whole or not there. */
export async function writeDurably(path: string, buffers: readonly Uint8Array[]): Promise<void> {
  const beside = `${path}${UNFINISHED}`;
  const file = await open(beside, 'w', 0o600);
  try {
    if (buffers.length > 0) await file.writev([...buffers]);
    await file.datasync(); // what is needed to read it again, its length too; not its times
  } finally {
    await file.close();
  }
  await rename(beside, path);
  await syncFolder(dirname(path));
}
