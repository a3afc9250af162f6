import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../errors.js';
import { DIGEST_BYTES, digest } from '../digest.js';
import { scratchFailure } from '../scratch-failure.js';

/**
 * The keys that came in a run, as digests in files of the run's own folder, so that a resumed run knows the keys
 * that were read before it was interrupted (invariant 6). One file for each writer.
 */
export class KeyLogs {
  readonly #folder: string;
  #opened = 0;

  private constructor(folder: string, opened: number) {
    this.#folder = folder;
    this.#opened = opened;
  }

  /**
   * Goes on with the digests of this run if it is resumed; all others are removed. Throws `state_unusable` where they are gone:
   * without them all that was copied before would look gone.
   */
  static async open(scratch: string, run: string, resume: boolean): Promise<KeyLogs> {
    const own = `keys-${run}`;
    const there = await readdir(scratch);
    if (resume && !there.includes(own)) throw keysLost();
    for (const name of there) {
      if (!name.startsWith('keys-') || (resume && name === own)) continue;
      await rm(join(scratch, name), { recursive: true });
    }
    await mkdir(join(scratch, own), { recursive: true, mode: 0o700 });
    const files = await readdir(join(scratch, own));
    return new KeyLogs(join(scratch, own), files.length);
  }

  /** A log for one writer. */
  async writer(): Promise<{ add(keys: readonly string[]): Promise<void>; close(): Promise<void> }> {
    const name = `${this.#opened}.digests`;
    this.#opened += 1;
    const path = join(this.#folder, name);
    const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
      throw scratchFailure(path, error);
    });
    return {
      add: (keys) => append(path, file, keys),
      close: () => file.close(),
    };
  }

  /** All files with digests. */
  async files(): Promise<string[]> {
    return (await readdir(this.#folder)).map((name) => join(this.#folder, name));
  }
}

function keysLost(): SluiceError {
  const message =
    'the keys that came before the run was interrupted are no longer in its state, so that it cannot go on';
  return new SluiceError('state_unusable', message, { hint: 'begin a new run with --fresh' });
}

async function append(path: string, file: FileHandle, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const bytes = Buffer.allocUnsafe(keys.length * DIGEST_BYTES);
  for (const [index, key] of keys.entries()) digest(key).copy(bytes, index * DIGEST_BYTES);
  try {
    await file.appendFile(bytes);
    await file.datasync();
  } catch (error) {
    throw scratchFailure(path, error);
  }
}
