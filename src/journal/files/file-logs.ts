import { constants } from 'node:fs';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../errors.js';
import type { Guard, Logs, OpenedLog } from '../state.js';
import { parseRecords, RecordFile } from './record-file.js';
import { stateFolder } from './state-folder.js';

const ENDING = '.jsonl';
/** Lines that are written at once. */
const LINES_AT_ONCE = 1000;

/** Logs as files of one folder below the state directory, mode 0600. */
export class FileLogs implements Logs {
  readonly #state: string;
  readonly #folder: readonly string[];

  constructor(state: string, ...folder: readonly string[]) {
    this.#state = state;
    this.#folder = folder;
  }

  async names(): Promise<readonly string[]> {
    const names = await readdir(join(this.#state, ...this.#folder)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names
      .filter((name) => name.endsWith(ENDING))
      .map((name) => decodeURIComponent(name.slice(0, -ENDING.length)))
      .sort();
  }

  async read(name: string): Promise<readonly unknown[]> {
    const path = this.#pathOf(name);
    try {
      return parseRecords(await readFile(path), path).records;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }

  async open(name: string, guard: Guard): Promise<OpenedLog> {
    await stateFolder(this.#state, ...this.#folder);
    const { file, records } = await RecordFile.open(this.#pathOf(name), guard);
    return { log: file, records };
  }

  async create(name: string, records: Iterable<object>): Promise<string> {
    await stateFolder(this.#state, ...this.#folder);
    const path = this.#pathOf(name);
    await writeRecords(path, records);
    return path;
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true });
  }

  async removeAll(): Promise<void> {
    await rm(join(this.#state, ...this.#folder), { recursive: true, force: true });
  }

  #pathOf(name: string): string {
    return join(this.#state, ...this.#folder, `${encodeURIComponent(name)}${ENDING}`);
  }
}

/** Writes records to a new file, mode 0600. */
export async function writeRecords(path: string, records: Iterable<object>): Promise<void> {
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(path, flags, 0o600);
    try {
      let text: string[] = [];
      for (const record of records) {
        text.push(`${JSON.stringify(record)}\n`);
        if (text.length < LINES_AT_ONCE) continue;
        await file.appendFile(text.join(''));
        text = [];
      }
      await file.appendFile(text.join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new SluiceError('state_unusable', `the report ${path} cannot be written`, {
      hint: 'name another file, or another folder with --state',
      cause,
    });
  }
}
