import { rm } from 'node:fs/promises';
import { SluiceError } from '../../errors.js';
import type { Store } from '../store.js';
import type { RowsFormat } from './format.js';
import type { FinishedFile, Spool, SpooledSegment } from './spool.js';

/** When segments are enough for a file: whatever is reached first. */
export interface FileBounds {
  readonly rows: number;
  /** Of text. */
  readonly bytes: number;
}

export interface FileMakerOptions {
  readonly spool: Spool;
  readonly store: Store;
  readonly format: RowsFormat;
  readonly bounds: FileBounds;
  /** The name in the store of the file of this index. */
  nameOf(index: number): string;
  readonly signal: AbortSignal;
}

/** Segments wait for at most so many files beyond the one that is made (invariant 7: this is disk, and bounded too). */
const MAX_WAITING_FILES = 1;

/**
 * Makes files of segments, one after the other, while more segments come: builds the file, counts it, puts it in the
 * store, records it, and removes its segments; killed anywhere, what is on disk tells how far it came (invariants 1, 3).
 */
export class FileMaker {
  readonly #options: FileMakerOptions;
  readonly #waiting = new Map<string, SpooledSegment>();
  readonly #finished: FinishedFile[];
  #making: Promise<void> | undefined;
  #failure: unknown;

  /** `finished` and `waiting` are what earlier attempts left. */
  constructor(
    options: FileMakerOptions,
    finished: readonly FinishedFile[],
    waiting: readonly SpooledSegment[],
  ) {
    this.#options = options;
    this.#finished = [...finished];
    for (const segment of waiting) this.#waiting.set(segment.token, segment);
  }

  /** Takes a segment that is on disk. Waits while too many do; throws what making a file threw. */
  async add(segment: SpooledSegment): Promise<void> {
    this.#waiting.set(segment.token, segment);
    this.#begin();
    while (this.#making && this.#isFull(MAX_WAITING_FILES)) await this.#making;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Makes files of all that waits; an export without rows has a file too, which tells its columns. */
  async finish(): Promise<readonly FinishedFile[]> {
    while (this.#making) await this.#making;
    while (this.#failure === undefined && (this.#waiting.size > 0 || this.#finished.length === 0)) {
      await this.#make(this.#take());
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#finished;
  }

  /** Returns when nothing is being made any more. */
  async settle(): Promise<void> {
    while (this.#making) await this.#making;
  }

  #begin(): void {
    if (this.#making || this.#failure !== undefined || !this.#isFull(0)) return;
    this.#making = this.#make(this.#take())
      .catch((error: unknown) => {
        this.#failure = error; // whoever adds or finishes next throws it
      })
      .finally(() => {
        this.#making = undefined;
        this.#begin();
      });
  }

  #isFull(files: number): boolean {
    let rows = 0;
    let bytes = 0;
    for (const segment of this.#waiting.values()) {
      rows += segment.rows;
      bytes += segment.bytes;
    }
    const { bounds } = this.#options;
    return rows >= bounds.rows * (files + 1) || bytes >= bounds.bytes * (files + 1);
  }

  /** Segments for one file, in the order of their batches. At least one, where there are any. */
  #take(): SpooledSegment[] {
    const { bounds } = this.#options;
    const inOrder = [...this.#waiting.values()].sort((one, other) => compareTokens(one.token, other.token));
    const taken: SpooledSegment[] = [];
    let rows = 0;
    let bytes = 0;
    for (const segment of inOrder) {
      const isOver = rows + segment.rows > bounds.rows || bytes + segment.bytes > bounds.bytes;
      if (taken.length > 0 && isOver) break;
      taken.push(segment);
      rows += segment.rows;
      bytes += segment.bytes;
      this.#waiting.delete(segment.token);
    }
    return taken;
  }

  async #make(segments: readonly SpooledSegment[]): Promise<void> {
    const { spool, store, format, signal } = this.#options;
    const index = this.#finished.length;
    const name = this.#options.nameOf(index);
    const wanted = segments.reduce((sum, { rows }) => sum + rows, 0);
    await rm(spool.making, { force: true });
    const held = segments.filter(({ rows }) => rows > 0);
    const { rows } = await format.build(held, spool.making, signal);
    if (rows !== wanted) throw shortfall(name, rows, wanted);
    const { bytes, version } = await store.putFile(name, spool.making);
    const file: FinishedFile = {
      index,
      name,
      bytes,
      version,
      rows,
      segments: segments.map(({ token, rows: count, rejected }) => ({ token, rows: count, rejected })),
    };
    await spool.keepFinished(file);
    this.#finished.push(file);
    await rm(spool.making, { force: true });
    await spool.remove(segments);
  }
}

function shortfall(name: string, rows: number, wanted: number): SluiceError {
  return new SluiceError('counts_differ', `${name} holds ${rows} rows, and ${wanted} were written to it`);
}

/** `0.2` before `0.10`: tokens are numbers between points as a rule. */
function compareTokens(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
