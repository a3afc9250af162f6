import { randomBytes } from 'node:crypto';
import { SluiceError } from '../../errors.js';
import { parseRecords } from '../files/record-file.js';
import { GroupedWrites, lineOf } from '../grouped-writes.js';
import type { Guard, Log, Reduce } from '../state.js';
import { Right } from './right.js';
import type { StateBucket } from './state-bucket.js';
import type { Action, Condition, Item, ItemKey, StateTable } from './state-table.js';

/** A flush of more bytes is an object; an item takes 400 KB. */
const MAX_ITEM_BYTES = 256 * 1024;
/** Of one object, unless a single record is longer. */
const MAX_OBJECT_CHARACTERS = 8 * 1024 * 1024;
const DIGITS = 8;

/** Where logs of one kind keep what is written. */
export interface Store {
  readonly table: StateTable;
  readonly bucket: StateBucket;
  /** Its records hold rows or keys: they are objects, whatever their size. */
  readonly holdsRows: boolean;
}

/** One writer's stream of a log. */
export interface StreamPlace {
  /** Names the generation; its flushes lie below `PK#GENERATION`, objects below `PREFIX/GENERATION/`. */
  readonly head: ItemKey;
  readonly pk: string;
  readonly prefix: string;
}

/** What a stream holds, and where it goes on. */
export interface StreamContent {
  /** 0 where nothing was ever written. */
  readonly generation: number;
  readonly records: readonly unknown[];
  /** Of the next flush. */
  readonly next: number;
}

/** Records in numbered flushes, each an item; or a pointer to an object. */
export class TableStream implements Log {
  readonly #store: Store;
  readonly #place: StreamPlace;
  readonly #guard: Guard;
  readonly #writes: GroupedWrites;
  /** Of flushes of ours, those among them whose answer never came. */
  readonly #stamps = new Set<string>();
  #generation: number;
  #next: number;
  /** A rewriting failed: it may have been carried out. */
  #isUnsure = false;

  constructor(
    store: Store,
    place: StreamPlace,
    guard: Guard,
    { generation, next }: Omit<StreamContent, 'records'>,
  ) {
    this.#store = store;
    this.#place = place;
    this.#guard = guard;
    this.#generation = generation;
    this.#next = next;
    this.#writes = new GroupedWrites(
      { append: (lines) => this.#append(lines), replace: (reduce) => this.#replace(reduce) },
      store.holdsRows ? MAX_OBJECT_CHARACTERS : MAX_ITEM_BYTES / 2,
    );
  }

  add(record: object): Promise<void> {
    return this.#writes.add(record);
  }

  rewrite(reduce: Reduce): Promise<void> {
    return this.#writes.rewrite(reduce);
  }

  async close(): Promise<void> {
    await this.#writes.settled();
  }

  /** Writes all of a new stream, and only then its head: nobody sees half of it. */
  async fill(records: Iterable<object>): Promise<void> {
    if ((await generationOf(this.#store, this.#place)) > 0) {
      throw new SluiceError('state_unusable', `${this.#place.pk} is there already`);
    }
    this.#next = await this.#fillGeneration(1, records);
    await this.#name(1);
  }

  /** The first flush makes the head in the same transaction: there is none without the other. */
  async #append(lines: readonly string[]): Promise<void> {
    await this.#makeSure();
    const generation = Math.max(1, this.#generation);
    await this.#write(generation, lines.join(''), this.#generation === 0 ? [this.#naming(1)] : []);
    this.#generation = generation;
  }

  /** The next generation is written whole; then the head names it. */
  async #replace(reduce: Reduce): Promise<void> {
    await this.#makeSure();
    const content = await readStream(this.#store, this.#place);
    const [old, generation] = [this.#generation, this.#generation + 1];
    const records = reduce(content.records) as readonly object[];
    this.#isUnsure = true;
    await removeGeneration(this.#store, this.#place, generation);
    const next = await this.#fillGeneration(generation, records);
    await this.#name(generation);
    this.#next = next;
    this.#isUnsure = false;
    for (const gone of [old, old - 1]) if (gone > 0) await removeGeneration(this.#store, this.#place, gone);
  }

  async #makeSure(): Promise<void> {
    if (!this.#isUnsure) return;
    const { generation, next } = await readStream(this.#store, this.#place);
    this.#generation = generation;
    this.#next = next;
    this.#isUnsure = false;
  }

  /** From here on the stream is this generation. */
  async #name(generation: number): Promise<void> {
    const { head } = this.#place;
    await this.#guarded(
      () => [this.#naming(generation)],
      async () => (await this.#store.table.get(head))?.['generation'] === generation,
    );
    this.#generation = generation;
  }

  #naming(generation: number): Action {
    const condition =
      this.#generation === 0
        ? { expression: 'attribute_not_exists(#generation)' }
        : { expression: '#generation = :old', values: { ':old': this.#generation } };
    return { update: this.#place.head, set: { generation }, condition };
  }

  /** Gives the number behind its last flush. */
  async #fillGeneration(generation: number, records: Iterable<object>): Promise<number> {
    this.#next = 0;
    let text: string[] = [];
    let characters = 0;
    const most = this.#store.holdsRows ? MAX_OBJECT_CHARACTERS : MAX_ITEM_BYTES / 2;
    for (const record of records) {
      const line = lineOf(record);
      if (characters > 0 && characters + line.length > most) {
        await this.#write(generation, text.join(''));
        [text, characters] = [[], 0];
      }
      text.push(line);
      characters += line.length;
    }
    if (characters > 0) await this.#write(generation, text.join(''));
    return this.#next;
  }

  /** One flush under the next number. What of it is sure to be nowhere, where it fails, is nowhere. */
  async #write(generation: number, text: string, more: readonly Action[] = []): Promise<void> {
    const { table, bucket, holdsRows } = this.#store;
    const stamp = stampOf(this.#stamps);
    const bytes = Buffer.from(text);
    const isObject = holdsRows || bytes.length > MAX_ITEM_BYTES;
    const object = `${this.#place.prefix}/${generation}/${stamp}.jsonl`;
    const content: Item = isObject ? { ...(await bucket.put(object, bytes)) } : { lines: text };
    const key = () => ({ pk: `${this.#place.pk}#${generation}`, sk: numberText(this.#next) });
    await this.#guarded(
      () => [
        { put: { ...key(), ...content, stamp }, condition: { expression: 'attribute_not_exists(sk)' } },
        ...more,
      ],
      async () => {
        const there = (await table.get(key()))?.['stamp'];
        if (there === stamp) return true;
        const isOurs = there !== undefined && this.#stamps.has(String(there));
        // An earlier flush, told as failed, was carried out after all; or others add too, whom no right keeps apart.
        if (isOurs || (there !== undefined && !(this.#guard instanceof Right))) this.#next++;
        else if (there !== undefined) throw foreign(this.#place);
        return false;
      },
    ).catch(async (error: unknown) => {
      if (isObject && error instanceof SluiceError && error.code === 'run_locked')
        await bucket.remove(object);
      throw error;
    });
    this.#next++;
  }

  /** Until it is done; `isDone` looks it up where the answer was lost or a condition did not hold. */
  async #guarded(actions: () => readonly Action[], isDone: () => Promise<boolean>): Promise<void> {
    const guard = this.#guard;
    if (!(guard instanceof Right)) await guard.check();
    const write = async () => {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const done = await this.#store.table.transact(
          under(guard, actions()),
          randomBytes(16).toString('hex'),
        );
        if (done || (await isDone())) return;
        await guard.check();
      }
      throw foreign(this.#place);
    };
    await (guard instanceof Right ? guard.inTurn(write) : write());
  }
}

/** The actions, and with them the look at the right. An item is named once in a transaction. */
function under(guard: Guard, actions: readonly Action[]): readonly Action[] {
  if (!(guard instanceof Right)) return actions;
  const { key, condition } = guard;
  const isHead = (action: Action) =>
    'update' in action && action.update.pk === key.pk && action.update.sk === key.sk;
  if (!actions.some(isHead)) return [{ check: key, condition }, ...actions];
  return actions.map((action) =>
    isHead(action) ? { ...action, condition: both(condition, action.condition) } : action,
  );
}

function both(one: Condition, other: Condition | undefined): Condition {
  if (!other) return one;
  return {
    expression: `${one.expression} AND ${other.expression}`,
    values: { ...one.values, ...other.values },
  };
}

/** Transactions that others were in the way of, or numbers that others had taken. */
const MAX_ROUNDS = 100;

function stampOf(stamps: Set<string>): string {
  const stamp = randomBytes(16).toString('hex');
  stamps.add(stamp);
  return stamp;
}

function numberText(number: number): string {
  return String(number).padStart(DIGITS, '0');
}

function foreign({ pk }: StreamPlace): SluiceError {
  return new SluiceError('run_locked', `others write to ${pk} too`, {
    hint: 'see that only one run of this pipeline goes on',
    retry: 'never',
  });
}

/**
 * The whole records of a stream; if it is rewritten meanwhile, those of after that. `fold` is applied as they come, so that
 * they are not all held at once.
 */
export async function readStream(store: Store, place: StreamPlace, fold?: Reduce): Promise<StreamContent> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const generation = await generationOf(store, place);
    if (generation === 0) return { generation, records: [], next: 0 };
    const read = await readGeneration(store, place, generation, fold).catch((error: unknown) => ({ error }));
    // What was being removed may have been torn.
    if ((await generationOf(store, place)) !== generation) continue;
    if ('error' in read) throw read.error;
    return { generation, ...read };
  }
  throw new SluiceError('state_unusable', `${place.pk} is rewritten faster than it can be read`, {
    retry: 'later',
  });
}

/** So many records are held before they are folded, and at least as many as were left by that. */
const FOLDED_AT_ONCE = 10_000;

async function readGeneration(
  store: Store,
  place: StreamPlace,
  generation: number,
  fold: Reduce | undefined,
): Promise<Omit<StreamContent, 'generation'>> {
  let records: unknown[] = [];
  let [next, most] = [0, FOLDED_AT_ONCE];
  for await (const flush of store.table.query(`${place.pk}#${generation}`)) {
    for (const record of await recordsOfFlush(store, place, next, flush)) records.push(record);
    next++;
    if (!fold || records.length < most) continue;
    records = [...fold(records)];
    most = Math.max(FOLDED_AT_ONCE, 2 * records.length);
  }
  return { records: fold ? fold(records) : records, next };
}

async function generationOf({ table }: Store, { head }: StreamPlace): Promise<number> {
  return Number((await table.get(head))?.['generation'] ?? 0);
}

/** The whole records of a stream that nobody rewrites, in turn: a flush at a time is in memory. */
export async function* eachRecord(store: Store, place: StreamPlace): AsyncGenerator<unknown> {
  const generation = await generationOf(store, place);
  let index = 0;
  for await (const flush of store.table.query(`${place.pk}#${generation}`)) {
    yield* await recordsOfFlush(store, place, index, flush);
    index++;
  }
}

async function recordsOfFlush(
  { bucket }: Store,
  { pk }: StreamPlace,
  index: number,
  { sk, lines, object, sha256 }: Item,
): Promise<readonly unknown[]> {
  if (sk !== numberText(index)) throw torn(pk, index);
  const bytes =
    object === undefined
      ? Buffer.from(String(lines))
      : await bucket.get({ object: String(object), sha256: String(sha256) });
  return parseRecords(bytes, `${pk} ${sk}`).records;
}

function torn(pk: string, index: number): SluiceError {
  return new SluiceError('state_unusable', `the item ${numberText(index)} of ${pk} is missing`, {
    hint: 'start over with --fresh; what the sink holds stays as it is',
  });
}

/** Removes a generation's flushes and their objects; those of none are none. */
export async function removeGeneration(
  { table, bucket }: Store,
  place: StreamPlace,
  generation: number,
): Promise<void> {
  const keys: ItemKey[] = [];
  for await (const { pk, sk, object } of table.query(`${place.pk}#${generation}`)) {
    if (object !== undefined) await bucket.remove(String(object));
    keys.push({ pk: String(pk), sk: String(sk) });
  }
  await table.delete(keys);
}
