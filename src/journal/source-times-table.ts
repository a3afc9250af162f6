import type { SharedSourceTimes } from '../engine/via/source-times.js';
import type { SharedTimesOptions } from './state.js';

/**
 * One UpdateItem of the state's table, tried until it is answered. `met` is false where its condition was not; `item` is what was
 * asked for by `ReturnValues`.
 */
export type UpdateItem = (request: object) => Promise<{ readonly met: boolean; readonly item?: TimesItem }>;

/** What the table holds of one key, as DynamoDB spells it. */
interface TimesItem {
  readonly readAtMs?: { readonly N: string };
}

export interface SourceTimesTableOptions extends SharedTimesOptions {
  readonly update: UpdateItem;
  readonly table: string;
  readonly pipeline: string;
  readonly nowMs?: () => number;
}

/** The longest that any queue keeps a message: so long may one lie on the redrive queue before it is sent again. */
const LONGEST_RETENTION_SECONDS = 14 * 24 * 3600;
/** Clocks of machines that receive differ by far less. */
const CLOCKS_MS = 5_000;
/** Calls under way at once. */
const MAX_CALLS = 32;

/**
 * Source times as items of a DynamoDB table that several receivers share: `pk` is the pipeline and the step, `sk` the key, as
 * a digest. A receiver has a key while `owner` is itself: of two that were handed rows of one key, the second is told, and its message
 * comes again. `expires` is for the table's time to live.
 */
export class SourceTimesTable implements SharedSourceTimes {
  readonly #options: SourceTimesTableOptions;
  readonly #held = new Set<string>();
  readonly #times = new Map<string, number>();

  constructor(options: SourceTimesTableOptions) {
    this.#options = options;
  }

  async take(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const wanted = new Set(keys);
    await inTurns([...wanted], (key) => this.#take(key));
    return new Set([...wanted].filter((key) => this.#held.has(key)));
  }

  isOld(key: string, readAtMs: number): boolean {
    const known = this.#times.get(key);
    return known !== undefined && known >= readAtMs;
  }

  async add(written: readonly { readonly key: string; readonly readAtMs: number }[]): Promise<void> {
    const latest = new Map<string, number>();
    for (const { key, readAtMs } of written) {
      if (!this.isOld(key, readAtMs)) latest.set(key, Math.max(readAtMs, latest.get(key) ?? 0));
    }
    await inTurns([...latest], ([key, readAtMs]) => this.#add(key, readAtMs));
  }

  async release(keys: readonly string[] = [...this.#held]): Promise<void> {
    const held = keys.filter((key) => this.#held.delete(key));
    for (const key of held) this.#times.delete(key);
    await inTurns(held, (key) => this.#release(key));
  }

  async #take(key: string): Promise<void> {
    const { update, owner, holdMs } = this.#options;
    const nowMs = this.#nowMs();
    const { met, item } = await update({
      ...this.#keyOf(key),
      UpdateExpression: 'SET #owner = :owner, #until = :until, #expires = if_not_exists(#expires, :expires)',
      ConditionExpression: 'attribute_not_exists(#owner) OR #owner = :owner OR #until < :now',
      ExpressionAttributeNames: { '#owner': 'owner', '#until': 'until', '#expires': 'expires' },
      ExpressionAttributeValues: {
        ':owner': { S: owner },
        ':until': { N: `${nowMs + holdMs + CLOCKS_MS}` },
        ':now': { N: `${nowMs}` },
        ':expires': { N: `${this.#expires(nowMs)}` },
      },
      ReturnValues: 'ALL_NEW',
    });
    if (!met) return;
    this.#held.add(key);
    if (item?.readAtMs) this.#times.set(key, Number(item.readAtMs.N));
  }

  /** A later time stays, whoever wrote it. */
  async #add(key: string, readAtMs: number): Promise<void> {
    await this.#options.update({
      ...this.#keyOf(key),
      UpdateExpression: 'SET #at = :at, #expires = :expires',
      ConditionExpression: 'attribute_not_exists(#at) OR #at < :at',
      ExpressionAttributeNames: { '#at': 'readAtMs', '#expires': 'expires' },
      ExpressionAttributeValues: {
        ':at': { N: `${readAtMs}` },
        ':expires': { N: `${this.#expires(this.#nowMs())}` },
      },
    });
    this.#times.set(key, readAtMs);
  }

  async #release(key: string): Promise<void> {
    await this.#options.update({
      ...this.#keyOf(key),
      UpdateExpression: 'REMOVE #owner, #until',
      ConditionExpression: '#owner = :owner',
      ExpressionAttributeNames: { '#owner': 'owner', '#until': 'until' },
      ExpressionAttributeValues: { ':owner': { S: this.#options.owner } },
    });
  }

  #keyOf(key: string): object {
    const { table, pipeline, step } = this.#options;
    const sk = Buffer.from(key, 'latin1').toString('base64');
    return { TableName: table, Key: { pk: { S: `${pipeline}#received#${step}` }, sk: { S: sk } } };
  }

  /** No message can be older than this once it is over. */
  #expires(nowMs: number): number {
    return Math.ceil(nowMs / 1000) + this.#options.retentionSeconds + LONGEST_RETENTION_SECONDS;
  }

  #nowMs(): number {
    return this.#options.nowMs?.() ?? Date.now();
  }
}

async function inTurns<T>(all: readonly T[], call: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await call(next);
  };
  await Promise.all(Array.from({ length: Math.min(MAX_CALLS, all.length) }, worker));
}
