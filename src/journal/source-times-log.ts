import type { SourceTimes } from '../engine/via/source-times.js';
import type { Guard, Log, Logs } from './state.js';

/** Keys that are remembered; of more, those written longest ago are forgotten. */
const MAX_KEYS = 500_000;
/** What was written over lies in the log until it is more than what counts, and more than this. */
const LEAST_STALE = 100_000;
/** Of a log that is written anew. */
const LINE_KEYS = 10_000;
/** The longest that any queue keeps a message: so long may one lie on the redrive queue before it is sent again. */
const LONGEST_RETENTION_MS = 14 * 24 * 3600 * 1000;

/** A line: keys (base64) and times, of rows that were written together. */
interface TimesRecord {
  readonly written: readonly (readonly [key: string, readAtMs: number])[];
}

/**
 * Source times in a log of the pipeline's state, so that a receiver that was killed knows them again. Times older than
 * any message can be are forgotten when it is opened.
 */
export class SourceTimesLog implements SourceTimes {
  readonly #times = new Map<string, number>();
  readonly #log: Log;
  #entries = 0;
  #rewriting: Promise<void> | undefined;

  private constructor(log: Log) {
    this.#log = log;
  }

  /** `retentionSeconds`: of the queue. */
  static async open(
    received: Logs,
    step: string,
    { retentionSeconds, guard }: { readonly retentionSeconds: number; readonly guard: Guard },
  ): Promise<SourceTimesLog> {
    const { log, records } = await received.open(step, guard);
    const times = new SourceTimesLog(log);
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
    await this.#log.add({ written: news } satisfies TimesRecord);
    if (this.#isStale(LEAST_STALE)) this.#rewriting ??= this.#rewrite();
    await this.#rewriting;
  }

  async close(): Promise<void> {
    await this.#rewriting;
    await this.#log.close();
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

  /** Puts what counts in the place of all that was written. */
  async #rewrite(): Promise<void> {
    const all = [...this.#times];
    await this.#log.rewrite(() => linesOf(all));
    this.#entries = all.length;
    this.#rewriting = undefined;
  }
}

function linesOf(all: TimesRecord['written']): readonly TimesRecord[] {
  return Array.from({ length: Math.ceil(all.length / LINE_KEYS) }, (_, line) => ({
    written: all.slice(line * LINE_KEYS, (line + 1) * LINE_KEYS),
  }));
}

function base64(key: string): string {
  return Buffer.from(key, 'latin1').toString('base64');
}
