import { randomBytes } from 'node:crypto';
import { anybody, type Guard, type Log, type Logs, type OpenedLog, type Reading } from '../state.js';
import { Right } from './right.js';
import type { ItemKey } from './state-table.js';
import {
  eachRecord,
  readStream,
  removeGeneration,
  type Store,
  type StreamPlace,
  TableStream,
} from './table-stream.js';

/**
 * Logs of one kind in a table. The pipeline's partition holds a head for each, whose sort key is the kind and the name; a log's
 * other writers have theirs, which are their claims too, in a partition of its own.
 */
export class TableLogs implements Logs {
  readonly #store: Store;
  readonly #pipeline: string;
  readonly #kind: string;

  /** `kind` may have several parts with `#` between them. */
  constructor(store: Store, pipeline: string, kind: string) {
    this.#store = store;
    this.#pipeline = pipeline;
    this.#kind = kind;
  }

  async names(): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const { sk, gone } of this.#heads())
      if (gone === undefined) names.push(this.#nameIn(String(sk)));
    return names.sort();
  }

  async read(name: string, reading: Reading = {}): Promise<readonly unknown[]> {
    const beside = await this.#readBeside(name, reading);
    const { records } = await readStream(this.#store, this.#placeOf(name), reading.fold);
    return [...beside, ...records];
  }

  async open(name: string, guard: Guard, reading: Reading = {}): Promise<OpenedLog> {
    const place = this.#placeOf(name);
    const { records, ...content } = await readStream(this.#store, place, reading.fold);
    const log = new TableStream(this.#store, place, guard, content);
    return { log, records: [...(await this.#readBeside(name, reading)), ...records] };
  }

  async openBeside(
    name: string,
    writer: string,
    reading: Reading = {},
  ): Promise<OpenedLog & { readonly guard: Guard }> {
    const place = this.#besideOf(name, writer);
    const guard = await this.#claim(place.head);
    const { records: _own, ...content } = await readStream(this.#store, place, reading.fold);
    const log = new TableStream(this.#store, place, guard, content);
    return { log, records: await this.read(name, reading), guard };
  }

  async addBeside(name: string): Promise<Log> {
    const place = this.#besideOf(name, randomBytes(8).toString('hex'));
    const guard = await this.#claim(place.head);
    return new TableStream(this.#store, place, guard, { generation: 1, next: 0 });
  }

  async *each(name: string): AsyncGenerator<unknown> {
    for await (const writer of this.#writersOf(name)) {
      yield* eachRecord(this.#store, this.#besideOf(name, writer));
    }
    yield* eachRecord(this.#store, this.#placeOf(name));
  }

  async create(name: string, records: Iterable<object>): Promise<string> {
    const place = this.#placeOf(name);
    await new TableStream(this.#store, place, anybody, { generation: 0, next: 0 }).fill(records);
    return `s3://${this.#store.bucket.name}/${place.prefix}/`;
  }

  /** Its head is marked first and removed last: a removal that was interrupted is finished by the next one. */
  async remove(name: string): Promise<void> {
    const { head } = this.#placeOf(name);
    const { table } = this.#store;
    const there = { expression: 'attribute_exists(pk)' };
    await table.update(head, 'SET #gone = :gone', there, { ':gone': 1 });
    for await (const { sk, gone } of this.#heads())
      if (gone !== undefined) await this.#finish(this.#nameIn(String(sk)));
  }

  async removeAll(): Promise<void> {
    for (const name of await this.names()) await this.remove(name);
  }

  async #finish(name: string): Promise<void> {
    const place = this.#placeOf(name);
    for await (const writer of this.#writersOf(name)) await this.#removeStream(this.#besideOf(name, writer));
    await this.#removeStream(place);
  }

  async #removeStream(place: StreamPlace): Promise<void> {
    const { table } = this.#store;
    const generation = Number((await table.get(place.head))?.['generation'] ?? 0);
    for (const each of [generation + 1, generation, generation - 1]) {
      if (each > 0) await removeGeneration(this.#store, place, each);
    }
    await table.delete([place.head]);
  }

  async #readBeside(name: string, { fold, of }: Reading): Promise<readonly unknown[]> {
    const records: unknown[] = [];
    for await (const writer of this.#writersOf(name)) {
      if (of && !of(writer)) continue;
      const { records: some } = await readStream(this.#store, this.#besideOf(name, writer), fold);
      for (const record of some) records.push(record);
    }
    return records;
  }

  async *#writersOf(name: string): AsyncGenerator<string> {
    const { pk } = this.#besideOf(name, '').head;
    for await (const { sk } of this.#store.table.query(pk)) yield decodeURIComponent(String(sk));
  }

  /** Whoever had the claim before is shut out from here on. */
  async #claim(key: ItemKey): Promise<Right> {
    const { table } = this.#store;
    const owner = randomBytes(8).toString('hex');
    const fence = 1 + Number((await table.get(key))?.['fence'] ?? 0);
    const update = 'SET #owner = :owner, #fence = :fence, #generation = if_not_exists(#generation, :one)';
    await table.update(key, update, undefined, { ':owner': owner, ':fence': fence, ':one': 1 });
    return new Right(table, key, { owner, fence });
  }

  #heads() {
    return this.#store.table.query(this.#pipeline, `${this.#kind}#`);
  }

  #nameIn(sk: string): string {
    return decodeURIComponent(sk.slice(this.#kind.length + 1));
  }

  #placeOf(name: string): StreamPlace {
    const sk = `${this.#kind}#${encodeURIComponent(name)}`;
    const prefix = `${this.#pipeline}/${sk.replaceAll('#', '/')}`;
    return { head: { pk: this.#pipeline, sk }, pk: `${this.#pipeline}#${sk}`, prefix };
  }

  #besideOf(name: string, writer: string): StreamPlace {
    const { pk, prefix } = this.#placeOf(name);
    const sk = encodeURIComponent(writer);
    return { head: { pk: `${pk}#writers`, sk }, pk: `${pk}#writer#${sk}`, prefix: `${prefix}/${sk}` };
  }
}
