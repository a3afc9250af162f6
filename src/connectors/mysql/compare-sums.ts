import type { RowSum } from '../comparison.js';
import type { Context, Part } from '../connector.js';
import { isBinary } from './fit-bytes.js';
import { quoteIdentifier } from './identifier.js';
import type { TableColumn } from './schema.js';
import type { Server } from './server.js';
import type { SqlRow } from './session.js';
import { parseRange } from './source-parts.js';
import type { Sessions } from './source-sessions.js';
import type { SourceShape } from './source-shape.js';
import { fromClause, rangeCondition, withCondition } from './source-sql.js';

/** Sums of a table's rows by ranges of its key, computed by the server. */
export class RowSums {
  /** Two tables whose sums have the same form print equal cells alike and cut their keys alike. */
  readonly form: string;
  readonly #shape: SourceShape;
  readonly #sessions: Sessions;
  readonly #context: Context;
  readonly #row: string;

  private constructor(
    shape: SourceShape,
    columns: readonly TableColumn[],
    server: Server,
    lent: { readonly sessions: Sessions; readonly context: Context },
  ) {
    this.#shape = shape;
    this.#sessions = lent.sessions;
    this.#context = lent.context;
    this.#row = columns.map(columnText).join(', ');
    const typed = columns.map(({ name, columnType, charset, collation }) => [
      name,
      columnType,
      charset,
      collation,
    ]);
    const key = shape.key.map(({ name }) => name);
    this.form = JSON.stringify([server.flavour, server.version, key, typed]);
  }

  /** Sums over these columns; undefined where they cannot be made: a view, a query, no key, a key that is not compared. */
  static of(
    shape: SourceShape,
    names: readonly string[],
    server: Server,
    lent: { readonly sessions: Sessions; readonly context: Context },
  ): RowSums | undefined {
    const { table } = shape;
    if (!table || table.view || shape.key.length === 0) return undefined;
    if (!shape.key.every(({ name }) => names.includes(name))) return undefined;
    const columns = [...names].sort().map((name) => table.columns.find((column) => column.name === name));
    if (!columns.every((column) => column !== undefined)) return undefined;
    return new RowSums(shape, columns, server, lent);
  }

  async sum(part: Part): Promise<RowSum> {
    const { origin, key } = this.#shape;
    const clause = withCondition(origin, fromClause(origin), rangeCondition(key, parseRange(part.range)));
    const hash = `CAST(CONV(LEFT(MD5(CONCAT(${this.#row})), 16), 16, 10) AS UNSIGNED)`;
    const sql = `SELECT COUNT(*), COALESCE(SUM(${hash}), 0) ${clause}`;
    const count = (found: readonly SqlRow[]) => Number(found[0]?.[0] ?? 0);
    // How many rows it sums is known afterwards: the next waits for them.
    const found = await this.#context.paceRead(
      {},
      () =>
        this.#context.retry(() =>
          this.#sessions.withConnection(this.#context, (session) => session.rows(sql)),
        ),
      (rows) => ({ items: count(rows) }),
    );
    return { rows: count(found), sum: String(found[0]?.[1] ?? '') };
  }
}

/** Numbers and times hold no comma. */
const plain = /^(?:tinyint|smallint|mediumint|int|bigint|decimal|year|date|time|datetime|timestamp)$/;
/** Could be long: hashed by themselves, so that no row outgrows a packet. */
const long = /text$|blob$|^json$|^geometry|point$|linestring$|polygon$|^geom/;

/** The column's exact value as bytes that say where they end. */
function columnText(column: TableColumn): string {
  const name = quoteIdentifier(column.name);
  if (plain.test(column.dataType)) return orNull(name, column);
  if (column.dataType === 'float' || column.dataType === 'double') return orNull(`${name} * 1e0`, column);
  const bytes = isBinary(column) ? name : `CAST(CONVERT(${name} USING utf8mb4) AS BINARY)`;
  return orNull(long.test(column.dataType) ? `MD5(${bytes})` : `HEX(${bytes})`, column);
}

function orNull(text: string, column: TableColumn): string {
  return column.nullable ? `COALESCE(${text}, 'N'), ','` : `${text}, ','`;
}
