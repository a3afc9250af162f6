import { rm } from 'node:fs/promises';
import { SluiceError } from '../../errors.js';
import type { Store } from '../store.js';
import type { FileBuild, RowsFormat, Segment } from './format.js';
import type { FinishedFile, Spool, SpooledSegment } from './spool.js';

/** When segments are enough for a file: whatever is reached first. */
export interface FileBounds {
  readonly rows: number;
  /** Of segments. */
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

/** A file that grows. */
interface GrowingFile {
  readonly index: number;
  readonly name: string;
  readonly build: FileBuild;
  /** What was added to it: on disk until the file is recorded. */
  readonly segments: SpooledSegment[];
}

/** What waits to be added to a file; whoever brings more waits himself (invariant 7: this is disk, and bounded too). */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/**
 * Makes files of segments, one after the other, while more segments come: a file grows by a few segments at a time, is ended,
 * counted, put in the store and recorded, and its segments go. While one is put in the store the next grows. Killed anywhere, what is
 * on disk tells how far it came (invariants 1, 3); a file that was not recorded is made anew.
 */
export class FileMaker {
  readonly #options: FileMakerOptions;
  readonly #waiting = new Map<string, SpooledSegment>();
  /** Tokens of segments that will come: those after them wait, so that rows stay in order. */
  readonly #coming = new Set<string>();
  readonly #finished: FinishedFile[];
  /** Files that were ended: those finished, and the one that is on its way. */
  #ended: number;
  #growing: GrowingFile | undefined;
  /** One at a time, so that files are recorded in their order (and for invariant 7). */
  #putting: Promise<void> | undefined;
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
    this.#ended = finished.length;
    for (const segment of waiting) this.#waiting.set(segment.token, segment);
  }

  /** Says that a segment is being written: called in the order of the rows. */
  announce(token: string): void {
    this.#coming.add(token);
  }

  /** Takes a segment that is on disk. Waits while too many do; throws what making a file threw. */
  async add(segment: SpooledSegment): Promise<void> {
    this.#coming.delete(segment.token);
    this.#waiting.set(segment.token, segment);
    this.#begin();
    while (this.#making && sizeOf(this.#waiting.values()).bytes >= MAX_WAITING_BYTES) await this.#making;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Makes files of all that waits; an export without rows has a file too, which tells its columns. */
  async finish(): Promise<readonly FinishedFile[]> {
    while (this.#making) await this.#making;
    while (this.#failure === undefined && this.#waiting.size > 0) await this.#grow(this.#next());
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#growing || this.#ended === 0) await this.#end(this.#growing ?? (await this.#start()));
    await this.#putting;
    if (this.#failure !== undefined) throw this.#failure;
    return this.#finished;
  }

  /** Returns when nothing is being made any more. */
  async settle(): Promise<void> {
    while (this.#making) await this.#making;
    await this.#growing?.build.close();
    this.#growing = undefined;
    await this.#putting;
  }

  #begin(): void {
    if (this.#making || this.#failure !== undefined) return;
    const next = this.#next(true);
    if (next.length === 0) return;
    this.#making = this.#grow(next)
      .catch((error: unknown) => {
        this.#failure = error; // whoever adds or finishes next throws it
      })
      .finally(() => {
        this.#making = undefined;
        this.#begin();
      });
  }

  /**
   * Segments that the growing file, or the next one, takes at once, in the order of their batches. While more will come
   * there are none unless they are enough for the format, or fill the file.
   */
  #next(moreWillCome = false): readonly SpooledSegment[] {
    const { format } = this.#options;
    const inOrder = [...this.#waiting.values()].sort((one, other) => compareTokens(one.token, other.token));
    const isNew = inOrder[0] !== undefined && this.#isBeyond(this.#growing, [inOrder[0]]);
    const file = isNew ? undefined : this.#growing;
    const taken: SpooledSegment[] = [];
    for (const segment of inOrder) {
      if (moreWillCome && this.#comesAfterOthers(segment)) return [];
      if (taken.length > 0 && this.#isBeyond(file, [...taken, segment])) return taken;
      taken.push(segment);
      if (format.isEnough(sizeOf(taken)) || this.#isFull(file, taken)) return taken;
    }
    return moreWillCome ? [] : taken;
  }

  #comesAfterOthers({ token }: SpooledSegment): boolean {
    for (const coming of this.#coming) if (compareTokens(coming, token) < 0) return true;
    return false;
  }

  /** A file that has nothing yet takes whatever comes first. */
  #isBeyond(file: GrowingFile | undefined, more: readonly SpooledSegment[]): boolean {
    const { rows, bytes } = sizeOf([...(file?.segments ?? []), ...more]);
    const { bounds } = this.#options;
    return (file !== undefined || more.length > 1) && (rows > bounds.rows || bytes > bounds.bytes);
  }

  #isFull(file: GrowingFile | undefined, more: readonly SpooledSegment[] = []): boolean {
    const { rows, bytes } = sizeOf([...(file?.segments ?? []), ...more]);
    const { bounds } = this.#options;
    return rows >= bounds.rows || bytes >= bounds.bytes;
  }

  async #grow(segments: readonly SpooledSegment[]): Promise<void> {
    for (const { token } of segments) this.#waiting.delete(token);
    if (this.#growing && this.#isBeyond(this.#growing, segments.slice(0, 1))) await this.#end(this.#growing);
    const file = this.#growing ?? (await this.#start());
    file.segments.push(...segments);
    const held = segments.filter(({ rows }) => rows > 0);
    if (held.length > 0) await file.build.add(held);
    if (this.#isFull(file)) await this.#end(file);
  }

  async #start(): Promise<GrowingFile> {
    const { spool, format, nameOf, signal } = this.#options;
    const index = this.#ended;
    const path = spool.making(index);
    await rm(path, { force: true });
    const build = format.begin(path, signal);
    this.#growing = { index, name: nameOf(index), build, segments: [] };
    return this.#growing;
  }

  async #end(file: GrowingFile): Promise<void> {
    const { rows } = await file.build.end();
    const wanted = sizeOf(file.segments).rows;
    if (rows !== wanted) throw shortfall(file.name, rows, wanted);
    await this.#putting;
    if (this.#failure !== undefined) throw this.#failure;
    this.#growing = undefined;
    this.#ended++;
    this.#putting = this.#put(file, rows)
      .catch((error: unknown) => {
        this.#failure = error; // whoever adds, ends or finishes next throws it
      })
      .finally(() => {
        this.#putting = undefined;
      });
  }

  async #put({ index, name, segments }: GrowingFile, rows: number): Promise<void> {
    const { spool, store } = this.#options;
    const path = spool.making(index);
    const { bytes, version } = await store.putFile(name, path);
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
    await rm(path, { force: true });
    await spool.remove(segments);
  }
}

function sizeOf(segments: Iterable<Segment>): { readonly rows: number; readonly bytes: number } {
  let rows = 0;
  let bytes = 0;
  for (const segment of segments) {
    rows += segment.rows;
    bytes += segment.bytes;
  }
  return { rows, bytes };
}

function shortfall(name: string, rows: number, wanted: number): SluiceError {
  return new SluiceError('counts_differ', `${name} holds ${rows} rows, and ${wanted} were written to it`);
}

/** `0.2` before `0.10`: tokens are numbers between points as a rule. */
const { compare: compareTokens } = new Intl.Collator('en', { numeric: true });
