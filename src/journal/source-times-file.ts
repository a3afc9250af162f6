import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceTimes } from '../engine/via/source-times.js';
import { RecordFile } from './record-file.js';
import { stateFolder } from './state-folder.js';

/** Keys that are remembered; of more, those written longest ago are forgotten. */
const MAX_KEYS = 500_000;
/** What was written over lies in the file until it is more than what counts, and more than this. */
const LEAST_STALE = 100_000;
/** Of a file that is made anew. */
const LINE_KEYS = 10_000;
/** The longest that any queue keeps a message: so long may one lie on the redrive queue before it is sent again. */
const LONGEST_RETENTION_MS = 14 * 24 * 3600 * 1000;

/** A line: keys (base64) and times, of rows that were written together. */
interface TimesRecord {
  readonly written: readonly (readonly [key: string, readAtMs: number])[];
}

/**
 * Source times in a file of the pipeline's state, so that a receiver that was killed knows them again. Times older than
 * any message can be are forgotten when it is opened.
 */
export class SourceTimesFile implements SourceTimes {
  readonly #path: string;
  readonly #guard: () => Promise<void>;
  readonly #times = new Map<string, number>();
  #file: RecordFile;
  #entries = 0;
  #rewriting: Promise<void> | undefined;

  private constructor(path: string, file: RecordFile, guard: () => Promise<void>) {
    this.#path = path;
    this.#file = file;
    this.#guard = guard;
  }

  /** `retentionSeconds`: of the queue. */
  static async open(
    state: string,
    pipeline: string,
    step: string,
    { retentionSeconds, guard }: { readonly retentionSeconds: number; readonly guard: () => Promise<void> },
  ): Promise<SourceTimesFile> {
    const folder = await stateFolder(state, pipeline, 'received');
    const path = join(folder, `${encodeURIComponent(step)}.jsonl`);
    const { file, records } = await RecordFile.open(path, guard);
    const times = new SourceTimesFile(path, file, guard);
    const oldest = Date.now() - retentionSeconds * 1000 - LONGEST_RETENTION_MS;
    for (const { written } of records as TimesRecord[]) times.#learn(written, oldest);
    if (times.#isStale(0)) await times.#rewrite();
    return times;
  }

  isOld(key: string, readAtMs: number): boolean {
    const known = this.#times.get(base64(key));
    return known !== undefined && known >= readAtMs;
  }

  async add(written: readonly { readonly key: string; readonly readAtMs: number }[]): Promise<void> {
    const news = written
      .filter(({ key, readAtMs }) => !this.isOld(key, readAtMs))
      .map(({ key, readAtMs }) => [base64(key), readAtMs] as const);
    if (news.length === 0) return;
    while (this.#rewriting) await this.#rewriting;
    this.#learn(news, Number.NEGATIVE_INFINITY);
    await this.#file.add({ written: news } satisfies TimesRecord);
    if (this.#isStale(LEAST_STALE)) this.#rewriting ??= this.#rewrite();
    await this.#rewriting;
  }

  async close(): Promise<void> {
    await this.#rewriting;
    await this.#file.close();
  }

  #learn(written: TimesRecord['written'], oldest: number): void {
    for (const [key, readAtMs] of written) {
      this.#entries++;
      const known = this.#times.get(key) ?? oldest;
      if (readAtMs < known) continue;
      // Deleted first: the map is in the order of writing.
      this.#times.delete(key);
      this.#times.set(key, readAtMs);
    }
    for (const key of this.#times.keys()) {
      if (this.#times.size <= MAX_KEYS) return;
      this.#times.delete(key);
    }
  }

  #isStale(least: number): boolean {
    return this.#entries > 2 * this.#times.size + least;
  }

  /** Makes a file of what counts beside the old one, and puts it in its place. */
  async #rewrite(): Promise<void> {
    const fresh = `${this.#path}.new`;
    await this.#file.close();
    await rm(fresh, { force: true });
    const { file } = await RecordFile.open(fresh, this.#guard);
    const all = [...this.#times];
    for (let start = 0; start < all.length; start += LINE_KEYS) {
      await file.add({ written: all.slice(start, start + LINE_KEYS) } satisfies TimesRecord);
    }
    await rename(fresh, this.#path);
    this.#file = file;
    this.#entries = all.length;
    this.#rewriting = undefined;
  }
}

function base64(key: string): string {
  return Buffer.from(key, 'latin1').toString('base64');
}
