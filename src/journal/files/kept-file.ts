import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../errors.js';
import type { Kept } from '../state.js';
import { stateFolder } from './state-folder.js';

/** Rises when an older Sluice could misread the record. */
const FORMAT = 1;

/** One record as a file below the state directory. */
export class KeptFile<T extends object> implements Kept<T> {
  readonly #state: string;
  readonly #names: readonly string[];

  /** `names`: folders, and the file's own name behind them. */
  constructor(state: string, ...names: readonly string[]) {
    this.#state = state;
    this.#names = names;
  }

  async read(): Promise<T | undefined> {
    const path = join(this.#state, ...this.#names);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw damaged(path, error);
    }
    try {
      const { format, ...kept } = JSON.parse(text) as T & { readonly format: unknown };
      if (format === FORMAT) return kept as unknown as T;
    } catch (error) {
      throw damaged(path, error);
    }
    throw damaged(path, undefined);
  }

  async write(record: T): Promise<void> {
    const path = join(this.#state, ...this.#names);
    await stateFolder(this.#state, ...this.#names.slice(0, -1));
    const fresh = `${path}.new`;
    try {
      const file = await open(fresh, 'w', 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ format: FORMAT, ...record })}\n`);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(fresh, path);
    } catch (cause) {
      throw new SluiceError('state_unusable', `${path} cannot be written`, {
        hint: 'free space, or name another folder with --state',
        cause,
      });
    }
  }
}

function damaged(path: string, cause: unknown): SluiceError {
  return new SluiceError('state_unusable', `${path} cannot be read`, {
    hint: 'remove it: the schedule then counts from now',
    cause,
  });
}
