import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import type { Cell, Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import type { ComparableRow, Comparison, Difference, Expected } from '../comparison.js';
import type { Context, Incoming, Part } from '../connector.js';
import { DEFAULT_DELETES_LIMIT, type DeletesLimit } from '../deletes-limit.js';
import { logicalType, readColumn } from './columns.js';
import { ABSENT_FIELD, fieldCondition, fieldsOf, shownField } from './compare-fields.js';
import { type ComparedColumns, canBeAbsent, type RowSpelling, rowSpelling } from './compare-rows.js';
import { RowSums } from './compare-sums.js';
import type { Connections } from './connection.js';
import { lastTimestampOf } from './fit-column.js';
import { quoteIdentifier, quoteTable } from './identifier.js';
import { Ledger } from './ledger.js';
import type { MysqlSinkOptions } from './options.js';
import type { Table, TableColumn } from './schema.js';
import type { Server } from './server.js';
import { type ColumnMap, mapColumns } from './sink-columns.js';
import type { SinkMode } from './sink-findings.js';
import { createSource } from './source.js';
import { WHOLE } from './source-parts.js';
import { sourceShape } from './source-shape.js';

/** Keys that one statement asks for. */
const KEYS_AT_ONCE = 300;
const CHUNK = { maxRows: 2000, maxBytes: 1024 * 1024 };

export interface CompareRequest {
  readonly options: MysqlSinkOptions;
  readonly mode: SinkMode;
  readonly connections: Connections;
  readonly context: Context;
  readonly server: Server;
  readonly table: Table;
  readonly incoming: Incoming;
}

/** A table's rows, for comparing them with rows that would be loaded into it. */
export class MysqlComparison implements Comparison {
  readonly keyed: boolean;
  readonly extras: Comparison['extras'];
  readonly exact: boolean;
  readonly rule: string;
  readonly rows?: number;
  readonly bytes?: number;
  readonly deletesLimit: DeletesLimit;
  readonly #request: CompareRequest;
  readonly #compared: ComparedColumns;
  #spelling: { readonly columns: readonly Column[]; readonly spell: RowSpelling } | undefined;

  constructor(request: CompareRequest) {
    const { mode, options, table, incoming } = request;
    this.#request = request;
    this.#compared = comparedColumns(request);
    const { key, content } = this.#compared;
    this.keyed = key.length > 0;
    this.extras = mode === 'mirror' || mode === 'replace' ? 'different' : 'allowed';
    this.exact = !incoming.open || !content.some(canBeAbsent);
    this.rule = `${mode}: ${key.length + content.length} columns are compared, byte for byte`;
    if (table.rows !== undefined) this.rows = table.rows;
    if (table.bytes !== undefined) this.bytes = table.bytes;
    this.deletesLimit = mode === 'replace' ? '100%' : (options.deletes?.limit ?? DEFAULT_DELETES_LIMIT);
  }

  expected(batch: Batch): readonly Expected[] {
    if (this.#spelling?.columns !== batch.columns) {
      this.#spelling = {
        columns: batch.columns,
        spell: this.#spell(batch.columns, this.#request.options.extra),
      };
    }
    const { spell } = this.#spelling;
    return batch.rows.map((row, index) => spell.expected(row, index));
  }

  async sums() {
    const { connections, context, options, server } = this.#request;
    if (!this.keyed) return undefined;
    const columns = this.#all().map(({ name }) => name);
    const shape = await sourceShape(
      { connection: '', table: options.table, columns },
      { connections, sessions: connections },
      context,
    );
    const sums = RowSums.of(shape, columns, server, { sessions: connections, context });
    if (!sums) return undefined;
    return {
      form: sums.form,
      columns,
      sum: (part: Part) => sums.sum(part),
      rows: (part: Part) => this.#rows(part),
    };
  }

  actual(): readonly AsyncIterable<readonly ComparableRow[]>[] {
    return [this.#rows(WHOLE)];
  }

  async *#rows(part: Part): AsyncGenerator<readonly ComparableRow[]> {
    const { connections, context, options } = this.#request;
    const columns = this.#all().map(({ name }) => name);
    const source = createSource({ connection: '', table: options.table, columns }, connections, context);
    try {
      let spell: RowSpelling | undefined;
      for await (const batch of source.read(part, CHUNK)) {
        spell ??= this.#spell(batch.columns, undefined);
        const { actual } = spell;
        yield batch.rows.map((row) => actual(row));
      }
    } finally {
      await source.close();
    }
  }

  async fetch(keys: readonly string[]): Promise<ReadonlyMap<string, ComparableRow>> {
    const { connections, context, table } = this.#request;
    const columns = this.#all().map((column) => readColumn(column, logicalType(column) ?? 'text'));
    const spell = this.#spell(Object.freeze(columns.map(({ column }) => column)), undefined);
    const select = `SELECT ${columns.map((column) => column.select).join(', ')} FROM ${quoteTable(table)}`;
    const found = new Map<string, ComparableRow>();
    for (const condition of this.#conditions(keys)) {
      const sql = `${select} WHERE ${condition}`;
      const rows = await context.paceRead({ items: KEYS_AT_ONCE }, () =>
        context.retry(() => connections.withConnection(context, (session) => session.rows(sql))),
      );
      for (const cells of rows) {
        const row = spell.actual(cells as Cell[] as Row);
        found.set(row.key, row);
      }
    }
    return found;
  }

  differences(expected: ComparableRow, actual: ComparableRow): readonly Difference[] {
    if (expected.content === actual.content) return [];
    const [wanted, there] = [fieldsOf(expected.content), fieldsOf(actual.content)];
    return this.#compared.content.flatMap(({ name }, index) => {
      const field = wanted[index] ?? '';
      const now = there[index] ?? '';
      if (field === now || field === ABSENT_FIELD) return [];
      return [{ column: name, expected: shownField(field), actual: shownField(now) }];
    });
  }

  keyValues(key: string): Readonly<Record<string, string>> {
    const fields = fieldsOf(key);
    return Object.fromEntries(
      this.#compared.key.map(({ name }, index) => [name, shownField(fields[index] ?? '')]),
    );
  }

  contentValues({ content }: ComparableRow): Readonly<Record<string, string>> {
    const fields = fieldsOf(content);
    const shown = this.#compared.content.flatMap(({ name }, index): [string, string][] => {
      const field = fields[index] ?? '';
      return field === ABSENT_FIELD ? [] : [[name, shownField(field)]];
    });
    return Object.fromEntries(shown);
  }

  async recordedAt(run: string, token: string): Promise<string | undefined> {
    const { connections, context, table } = this.#request;
    const ledger = new Ledger(table, { ...context, run });
    return await context.retry(() =>
      connections.withConnection(context, (session) => ledger.recordedAt(session, token)),
    );
  }

  used(): number {
    return 0;
  }

  async remove(keys: readonly string[]): Promise<number> {
    const { connections, context, table } = this.#request;
    let removed = 0;
    for (const condition of this.#conditions(keys)) {
      const sql = `DELETE FROM ${quoteTable(table)} WHERE ${condition}`;
      const { affected } = await context.retry(() =>
        connections.withConnection(context, (session) => session.run(sql)),
      );
      removed += affected;
    }
    return removed;
  }

  #all(): readonly TableColumn[] {
    return [...this.#compared.key, ...this.#compared.content];
  }

  #spell(columns: readonly Column[], extra: MysqlSinkOptions['extra']): RowSpelling {
    return rowSpelling(columnMap(this.#request, columns, extra), this.#compared);
  }

  *#conditions(keys: readonly string[]): Generator<string> {
    for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) {
      const some = keys.slice(start, start + KEYS_AT_ONCE);
      yield some.map((key) => `(${this.#condition(key)})`).join(' OR ');
    }
  }

  #condition(key: string): string {
    const fields = fieldsOf(key);
    const conditions = this.#compared.key.map((column, index) =>
      fieldCondition(column, quoteIdentifier(column.name), fields[index] ?? ''),
    );
    if (conditions.every((condition) => condition !== undefined)) return conditions.join(' AND ');
    throw new SluiceError('state_unusable', 'a key does not fit the table', {
      hint: 'the report is of another table, or damaged: verify again',
    });
  }
}

function columnMap(
  { table, server, mode, incoming: { open } }: CompareRequest,
  incoming: readonly Column[],
  extra: MysqlSinkOptions['extra'],
): ColumnMap {
  const lastTimestamp = lastTimestampOf(server);
  return mapColumns({ incoming, open, table, extra, lastTimestamp, numbersRows: mode === 'append' });
}

function comparedColumns(request: CompareRequest): ComparedColumns {
  const { incoming, table } = request;
  const { extra } = request.options;
  const map = columnMap(request, incoming.columns, extra);
  const names = new Set(map.columns.map(({ column }) => column.name));
  const come = (column: TableColumn) => !column.generated && (incoming.open || names.has(column.name));
  const columns = table.columns.filter(come);
  const isKeyed =
    table.primaryKey.length > 0 &&
    table.primaryKey.every((name) => columns.some((column) => column.name === name));
  const keyNames = isKeyed ? table.primaryKey : [];
  const documents = incoming.columns.filter(({ type }) => type === 'attribute').map(({ name }) => name);
  const into = typeof extra === 'object' ? [extra.into] : [];
  const json = columns.filter(
    ({ name, json }) => into.includes(name) || (json && (incoming.open || documents.includes(name))),
  );
  return {
    key: keyNames.flatMap((name) => columns.find((column) => column.name === name) ?? []),
    content: columns.filter(({ name }) => !keyNames.includes(name)),
    byValue: new Set(json.map(({ name }) => name)),
  };
}
