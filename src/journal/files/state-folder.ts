import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../errors.js';

/**
 * A folder below the state directory, made with mode 0700. Names come from the declaration, whose schema
 * allows no separators. A symbolic link anywhere below the state directory is refused: what lies here holds
 * rows (invariant 8).
 */
export async function stateFolder(state: string, ...names: readonly string[]): Promise<string> {
  let folder = state;
  await makeFolder(folder);
  for (const name of names) {
    folder = join(folder, name);
    await makeFolder(folder);
  }
  return folder;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await lstat(folder);
    if (found.isDirectory()) return;
  } catch (error) {
    throw unusable(folder, error instanceof Error ? error.message : String(error), error);
  }
  throw unusable(folder, 'it is not a directory, or is a symbolic link');
}

function unusable(folder: string, why: string, cause?: unknown): SluiceError {
  return new SluiceError('state_unusable', `the state directory ${folder} cannot be used: ${why}`, {
    hint: 'name another with --state',
    cause,
  });
}
