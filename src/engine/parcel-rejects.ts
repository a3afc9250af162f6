import type { Refused } from '../connectors/connector.js';
import type { CopyRun, Parcel } from './copy-run.js';
import type { CopyPlan } from './plan.js';
import { type RejectRecord, rejectRecord, settledRows } from './rejects.js';

/**
 * The rejects of one parcel, each once in the end, however often the parcel is written: a sink names what it refuses before the
 * parcel is in its ledger, so that what is found there after a kill has kept its rejects. An attempt that comes to nothing may have
 * named rows that a later one takes.
 */
export class ParcelRejects {
  readonly #plan: CopyPlan;
  readonly #run: CopyRun;
  readonly #parcel: Parcel;
  /** By the numbers of their rows in `incoming`. */
  readonly #kept = new Set<number>();
  readonly #refused = new Set<number>();

  constructor(plan: CopyPlan, run: CopyRun, parcel: Parcel) {
    this.#plan = plan;
    this.#run = run;
    this.#parcel = parcel;
  }

  /** Durable when it returns. Rows count as they came in. */
  async keep(refused: readonly Refused[]): Promise<void> {
    await this.#run.rejects.add(refused.map((one) => this.#recordOf(one)));
    for (const { row } of refused) this.#kept.add(row);
  }

  /** These are rejects for good, kept before or now. */
  async refuse(refused: readonly Refused[]): Promise<void> {
    const missing = refused.filter(({ row }) => !this.#kept.has(row));
    if (missing.length > 0) await this.keep(missing);
    for (const { row } of refused) this.#refused.add(row);
  }

  /** Once all of the parcel is written: what only attempts that came to nothing refused is no reject. */
  async settle(): Promise<void> {
    const { token, refusedBefore = [] } = this.#parcel;
    const taken = [...new Set([...refusedBefore, ...this.#kept])].filter((row) => !this.#refused.has(row));
    if (taken.length > 0) await this.#run.rejects.add(settledRows(token, taken, 'written'));
  }

  #recordOf(refused: Refused): RejectRecord {
    const { incoming, part, token } = this.#parcel;
    const { name, description } = this.#plan;
    const unread = new Set(incoming.refused?.map(({ row }) => row));
    const about = { step: name, run: this.#run.run, part, token, key: description.key, unread };
    return rejectRecord(refused, incoming, about);
  }
}
