import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Refused } from '../../connector.js';
import { scratchFailure } from '../../scratch-failure.js';
import { writeDurably } from '../durable-file.js';

/** A load whose file was made. */
export interface KeptLoad {
  readonly run: string;
  readonly token: string;
  /** In the store. */
  readonly name: string;
  /** Of the file. */
  readonly bytes: number;
  readonly rows: number;
  readonly refused: readonly Refused[];
}

/**
 * The file of a load before it is in its store, and what the load was: a folder of `Context.scratch`. Its name and content are
 * settled by whichever attempt made it first, whatever becomes of the declaration. The file goes once the store has it; the record
 * stays until the next load is made. There is one load at a time.
 */
export class KeptLoads {
  readonly #folder: string;

  /** Of a replay apart, since a run that was interrupted may go on afterwards. */
  constructor(scratch: string, isReplay: boolean) {
    this.#folder = join(scratch, isReplay ? 'replayed' : 'load');
  }

  /** Takes away what other runs left. */
  async begin(run: string): Promise<void> {
    await this.#tried(async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const names = await readdir(this.#folder);
      const records = await Promise.all(names.filter(isRecord).map((name) => this.#record(name)));
      if (records.some((record) => record?.run !== run)) await this.clear();
    });
  }

  async find(token: string): Promise<KeptLoad | undefined> {
    return await this.#tried(() => this.#record(recordName(token)));
  }

  /** Makes a load the one that is kept: `make` writes its rows and makes its file of them. */
  async keep(
    token: string,
    make: (paths: { readonly rows: string; readonly file: string }) => Promise<Omit<KeptLoad, 'bytes'>>,
  ): Promise<KeptLoad> {
    return await this.#tried(async () => {
      await this.clear();
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const paths = { rows: join(this.#folder, 'rows'), file: this.fileOf(token) };
      const made = await make(paths);
      await rm(paths.rows, { force: true });
      const kept = { ...made, bytes: await madeToLast(paths.file) };
      await writeDurably(join(this.#folder, recordName(token)), [Buffer.from(JSON.stringify(kept))]);
      return kept;
    });
  }

  /** Where the load's file is until the store has it. */
  fileOf(token: string): string {
    return join(this.#folder, `${encodeURIComponent(token)}.file`);
  }

  async isSent(token: string): Promise<boolean> {
    return await this.#tried(async () => {
      try {
        await stat(this.fileOf(token));
        return false;
      } catch (error) {
        if (isMissing(error)) return true;
        throw error;
      }
    });
  }

  async sent(token: string): Promise<void> {
    await this.#tried(() => rm(this.fileOf(token), { force: true }));
  }

  async clear(): Promise<void> {
    await this.#tried(() => rm(this.#folder, { recursive: true, force: true }));
  }

  async #record(name: string): Promise<KeptLoad | undefined> {
    try {
      return JSON.parse(await readFile(join(this.#folder, name), 'utf8'));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async #tried<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isOfSystem(error)) throw error;
      throw scratchFailure(this.#folder, error);
    }
  }
}

function recordName(token: string): string {
  return `${encodeURIComponent(token)}.json`;
}

function isRecord(name: string): boolean {
  return name.endsWith('.json');
}

/** Gives its size. */
async function madeToLast(path: string): Promise<number> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** What files fail with; other failures are somebody else's. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'errno' in error;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
