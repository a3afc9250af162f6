import type { Context, Cost } from '../connector.js';
import type { DynamodbClient } from '../dynamodb-client.js';
import type { Item } from './open-columns.js';
import { type PageItems, pageBody } from './page-body.js';
import { patiently } from './patience.js';
import type { ReadPlan } from './request.js';
import { opened, type Settled, settled } from './settled.js';

/** Items that came together, and what they cost. */
export interface Page {
  /** Found as they are asked for, once, so that a page takes little more room than its bytes. */
  readonly items: PageItems;
  readonly count: number;
  /** The items' share of the answer, in bytes. */
  readonly bytes: number;
}

export interface PageReader {
  readonly client: DynamodbClient;
  readonly context: Context;
  readonly plan: ReadPlan;
  /** Read units consumed are added here. */
  readonly used: { units: number };
  /** An item's likely size, for the first page of a paced read. */
  readonly itemBytes: number | undefined;
}

interface Answer {
  readonly ScannedCount?: number;
  readonly LastEvaluatedKey?: Item;
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

/** A paced page costs at most this much of a second's worth. */
const PACED_SECONDS = 0.25;
/** A read unit is a strongly consistent read of up to this many bytes. */
const UNIT_BYTES = 4096;
/** Consumers that take fewer rows than this at once are slow on purpose: pages are cut to what they take. */
const SMALL_BATCH_ROWS = 100;

/**
 * Every page, also empty ones, with the next one on its way while one is worked on. `extra` is JSON text for the
 * body (a Scan's segment), `after` the key to start after. Errors that may pass were retried.
 */
export async function* pages(
  reader: PageReader,
  extra: string,
  after: string | undefined,
  maxRows: number,
): AsyncGenerator<Page> {
  const meter = new Meter(reader, maxRows);
  const ahead = meter.readsAhead;
  const begin = (start: string | undefined) => settled(load(reader, meter, extra, start));
  let next: Settled<Loaded> | undefined = begin(after);
  while (next) {
    const { page, start }: Loaded = await opened(next);
    next = start !== undefined && ahead ? begin(start) : undefined;
    if (page.count > 0) yield page;
    if (start !== undefined && !ahead) next = begin(start);
  }
}

interface Loaded {
  readonly page: Page;
  /** The key after which the next page starts; undefined after the last page. */
  readonly start: string | undefined;
}

async function load(
  reader: PageReader,
  meter: Meter,
  extra: string,
  start: string | undefined,
): Promise<Loaded> {
  const { client, context, plan } = reader;
  const limit = meter.limit();
  const from = start === undefined ? '' : `,"ExclusiveStartKey":${start}`;
  const body = `${plan.body}${extra}${limit === undefined ? '' : `,"Limit":${limit}`}${from}}`;
  const read = () =>
    patiently(context, async () => taken(plan.action, await client.callBytes(plan.action, body)));
  const { answer, page } = await context.paceRead(meter.estimate(limit), read, costOf);
  const cost = costOf({ answer, page });
  reader.used.units += cost.units;
  meter.learn(cost);
  const last = answer.LastEvaluatedKey;
  return { page, start: last === undefined ? undefined : JSON.stringify(last) };
}

interface Taken {
  readonly answer: Answer;
  readonly page: Page;
}

function taken(action: string, bytes: Buffer): Taken {
  const { fields, items, count } = pageBody(action, bytes);
  return { answer: fields, page: { items, count, bytes: bytes.length } };
}

function costOf({ answer, page }: Taken): Required<Cost> {
  const units = answer.ConsumedCapacity?.CapacityUnits ?? 0;
  return { items: answer.ScannedCount ?? page.count, bytes: page.bytes, units };
}

/** Knows what an item costs to read, and from it how many a paced page may have. */
class Meter {
  readonly #rates: Cost | undefined;
  readonly #maxRows: number;
  #itemBytes: number;
  #itemUnits: number;

  constructor({ context, plan, itemBytes }: PageReader, maxRows: number) {
    this.#rates = context.readRates;
    this.#maxRows = maxRows;
    this.#itemBytes = itemBytes ?? UNIT_BYTES;
    this.#itemUnits = Math.max(1, this.#itemBytes / UNIT_BYTES) * (plan.strong ? 1 : 0.5);
  }

  get readsAhead(): boolean {
    return this.#maxRows >= SMALL_BATCH_ROWS;
  }

  /** The page's Limit; undefined where nothing asks for less than a whole page. */
  limit(): number | undefined {
    const small = this.readsAhead ? undefined : this.#maxRows;
    const rates = this.#rates;
    if (!rates) return small;
    const most = Math.min(
      small ?? Number.POSITIVE_INFINITY,
      PACED_SECONDS * (rates.items ?? Number.POSITIVE_INFINITY),
      (PACED_SECONDS * (rates.bytes ?? Number.POSITIVE_INFINITY)) / this.#itemBytes,
      (PACED_SECONDS * (rates.units ?? Number.POSITIVE_INFINITY)) / this.#itemUnits,
    );
    return Number.isFinite(most) ? Math.max(1, Math.floor(most)) : undefined;
  }

  estimate(limit: number | undefined): Cost {
    if (!this.#rates || limit === undefined) return {};
    return { items: limit, bytes: limit * this.#itemBytes, units: limit * this.#itemUnits };
  }

  learn(cost: Required<Cost>): void {
    if (cost.items === 0) return;
    this.#itemBytes = Math.max(1, cost.bytes / cost.items);
    this.#itemUnits = cost.units / cost.items || this.#itemUnits;
  }
}
