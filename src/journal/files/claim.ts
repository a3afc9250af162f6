import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { SluiceError } from '../../errors.js';
import type { Guard } from '../state.js';

/** Makes the file say that it is the caller's turn; the guard throws `run_locked` once it says that it is another's. */
export async function takeClaim(path: string): Promise<Guard> {
  const owner = randomBytes(8).toString('hex');
  const fresh = `${path}.${owner}`;
  try {
    await writeFile(fresh, owner, { mode: 0o600, flag: 'wx' });
    await rename(fresh, path);
  } catch (cause) {
    throw new SluiceError('state_unusable', `the claim ${path} cannot be written`, {
      hint: 'free space, or name another folder with --state',
      cause,
    });
  }
  return {
    check: async () => {
      if ((await readFile(path, 'utf8')) === owner) return;
      throw new SluiceError('run_locked', 'this part of the run was begun once more, by another worker');
    },
  };
}
