import { randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../errors.js';
import {
  anybody,
  type Guard,
  type Log,
  type Logs,
  type OpenedLog,
  type Reading,
  type Reduce,
} from '../state.js';
import { takeClaim } from './claim.js';
import { parseRecords, RecordFile } from './record-file.js';
import { stateFolder } from './state-folder.js';

const ENDING = '.jsonl';
/** Of the folder with the streams of other writers. */
const BESIDE = '.beside';
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
    return (await namesIn(join(this.#state, ...this.#folder)))
      .filter((name) => name.endsWith(ENDING))
      .map((name) => decodeURIComponent(name.slice(0, -ENDING.length)))
      .sort();
  }

  async read(name: string, reading: Reading = {}): Promise<readonly unknown[]> {
    const own = await recordsOf(this.#pathOf(name), reading.fold);
    return [...(await this.#readBeside(name, reading)), ...own];
  }

  async open(name: string, guard: Guard, reading: Reading = {}): Promise<OpenedLog> {
    await stateFolder(this.#state, ...this.#folder);
    const { file, records } = await RecordFile.open(this.#pathOf(name), guard);
    const { fold = all } = reading;
    return { log: file, records: [...(await this.#readBeside(name, reading)), ...fold(records)] };
  }

  async openBeside(
    name: string,
    writer: string,
    reading?: Reading,
  ): Promise<OpenedLog & { readonly guard: Guard }> {
    const folder = await stateFolder(this.#state, ...this.#folder, besideOf(name));
    const path = join(folder, `${encodeURIComponent(writer)}${ENDING}`);
    const guard = await takeClaim(`${path}.owner`);
    const { file } = await RecordFile.open(path, guard);
    return { log: file, records: await this.read(name, reading), guard };
  }

  async addBeside(name: string): Promise<Log> {
    const folder = await stateFolder(this.#state, ...this.#folder, besideOf(name));
    const path = join(folder, `${randomBytes(8).toString('hex')}${ENDING}`);
    return (await RecordFile.open(path, anybody)).file;
  }

  async *each(name: string): AsyncGenerator<unknown> {
    if (!(await this.names()).includes(name)) return;
    for (const path of [...(await this.#besides(name)), this.#pathOf(name)]) yield* recordsIn(path);
  }

  async #readBeside(name: string, { fold, of }: Reading): Promise<readonly unknown[]> {
    const streams: (readonly unknown[])[] = [];
    // One after the other: what is folded is small, what is read may not be.
    for (const path of await this.#besides(name, of)) streams.push(await recordsOf(path, fold));
    return streams.flat();
  }

  /** The paths of other writers' streams. */
  async #besides(name: string, of: NonNullable<Reading['of']> = every): Promise<readonly string[]> {
    const folder = join(this.#state, ...this.#folder, besideOf(name));
    const writerOf = (file: string) => decodeURIComponent(file.slice(0, -ENDING.length));
    const files = (await namesIn(folder)).filter((file) => file.endsWith(ENDING) && of(writerOf(file)));
    return files.sort().map((file) => join(folder, file));
  }

  async create(name: string, records: Iterable<object>): Promise<string> {
    await stateFolder(this.#state, ...this.#folder);
    const path = this.#pathOf(name);
    await writeRecords(path, records);
    return path;
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#state, ...this.#folder, besideOf(name)), { recursive: true, force: true });
    await rm(this.#pathOf(name), { force: true });
  }

  async removeAll(): Promise<void> {
    await rm(join(this.#state, ...this.#folder), { recursive: true, force: true });
  }

  #pathOf(name: string): string {
    return join(this.#state, ...this.#folder, `${encodeURIComponent(name)}${ENDING}`);
  }
}

function besideOf(name: string): string {
  return `${encodeURIComponent(name)}${BESIDE}`;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await orNone(() => readdir(folder));
}

async function recordsOf(path: string, fold: Reduce = all): Promise<readonly unknown[]> {
  return await orNone(async () => fold(parseRecords(await readFile(path), path).records));
}

const all: Reduce = (records) => records;
const every = () => true;

/** The whole records of a file, in turn. */
async function* recordsIn(path: string): AsyncGenerator<unknown> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    const { records, length } = parseRecords(bytes, path);
    yield* records;
    rest = bytes.subarray(length);
  }
}

/** What is not there holds nothing. */
async function orNone<T>(read: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
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
