import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../errors.js';
import { scratchFailure } from '../scratch-failure.js';
import { UNFINISHED, writeDurably } from './durable-file.js';
import type { EncodedRows, Segment } from './format.js';

/** A segment with the batch that it is of. */
export interface SpooledSegment extends Segment {
  readonly token: string;
  readonly rejected: number;
}

/** A file that was made and put in its store, and what its segments were. */
export interface FinishedFile {
  /** From 0 on, without gaps. */
  readonly index: number;
  /** In the store. */
  readonly name: string;
  readonly bytes: number;
  readonly version: string;
  readonly rows: number;
  readonly segments: readonly Pick<SpooledSegment, 'token' | 'rows' | 'rejected'>[];
}

/** What the attempts of one run must agree on. */
export interface SpoolHead {
  readonly run: string;
  /** ISO 8601, UTC: when the first attempt began to read. */
  readonly asOf: string;
  /** The form of the segments: those of another form make no file together with these. */
  readonly form: string;
}

const HEAD = 'head.json';

/**
 * What one run has durably written and not yet made a file of, and which files it has made: a folder of `Context.scratch`.
 * A segment's name says what it holds, so that a folder listing is the ledger (invariant 1): `TOKEN,ROWS,REJECTED,BYTES`.
 */
export class Spool {
  readonly #folder: string;

  constructor(scratch: string) {
    this.#folder = join(scratch, 'files');
  }

  /** Where a file is made before it is put in its store: there are two at once, the later of them growing. */
  making(index: number): string {
    return join(this.#folder, `making-${index % 2}${UNFINISHED}`);
  }

  /** Takes away whatever other attempts left. */
  async clear(): Promise<void> {
    await this.#tried(this.#folder, () => rm(this.#folder, { recursive: true, force: true }));
  }

  async begin(head: SpoolHead): Promise<void> {
    await this.clear();
    for (const folder of [this.#segments, this.#finished]) {
      await this.#tried(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
    }
    await this.#write(join(this.#folder, HEAD), [Buffer.from(JSON.stringify(head))]);
  }

  /** What an earlier attempt began; undefined where none came as far. */
  async head(): Promise<SpoolHead | undefined> {
    const path = join(this.#folder, HEAD);
    return await this.#tried(path, async () => {
      const text = await readIfThere(path);
      return text === undefined ? undefined : (JSON.parse(text) as SpoolHead);
    });
  }

  async segments(): Promise<SpooledSegment[]> {
    const names = await this.#names(this.#segments);
    return names.map((name) => segmentOf(this.#segments, name));
  }

  /** In the order of their indexes. */
  async finishedFiles(): Promise<FinishedFile[]> {
    const names = await this.#names(this.#finished);
    const files: FinishedFile[] = [];
    for (const name of names) {
      const path = join(this.#finished, name);
      files.push(await this.#tried(path, async () => JSON.parse(await readFile(path, 'utf8'))));
    }
    return files.sort((one, other) => one.index - other.index);
  }

  /** When it returns, the segment is on disk. */
  async keep(token: string, rows: EncodedRows): Promise<SpooledSegment> {
    const bytes = rows.buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    const facts = [rows.rows, rows.refused.length, bytes];
    const name = [encodeURIComponent(token), ...facts].join(',');
    await this.#write(join(this.#segments, name), rows.buffers);
    return segmentOf(this.#segments, name);
  }

  /** When it returns, the file counts, and its segments are of no more use. */
  async keepFinished(file: FinishedFile): Promise<void> {
    const path = join(this.#finished, `${String(file.index).padStart(6, '0')}.json`);
    await this.#write(path, [Buffer.from(JSON.stringify(file))]);
  }

  async remove(segments: readonly Segment[]): Promise<void> {
    await Promise.all(segments.map(({ path }) => this.#tried(path, () => rm(path, { force: true }))));
  }

  get #segments(): string {
    return join(this.#folder, 'segments');
  }

  get #finished(): string {
    return join(this.#folder, 'finished');
  }

  async #names(folder: string): Promise<string[]> {
    return await this.#tried(folder, async () => {
      const names = await readdir(folder);
      const torn = names.filter((name) => name.endsWith(UNFINISHED));
      for (const name of torn) await rm(join(folder, name), { force: true });
      return names.filter((name) => !name.endsWith(UNFINISHED)).sort();
    });
  }

  async #write(path: string, buffers: readonly Uint8Array[]): Promise<void> {
    await this.#tried(path, () => writeDurably(path, buffers));
  }

  async #tried<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      throw scratchFailure(path, error);
    }
  }
}

function segmentOf(folder: string, name: string): SpooledSegment {
  const [token = '', ...facts] = name.split(',');
  const [rows = 0, rejected = 0, bytes = 0] = facts.map(Number);
  return { path: join(folder, name), token: decodeURIComponent(token), rows, rejected, bytes };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
