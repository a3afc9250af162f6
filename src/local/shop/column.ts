import type { Random } from './random.js';

/** What a row knows of itself. */
export interface Place {
  /** 0 for the first row of `rows`. */
  readonly index: number;
  readonly rows: number;
  readonly random: Random;
}

/** A column of the shop: its definition, and what is in it, as SQL literals. */
export interface ShopColumn {
  readonly name: string;
  /** What stands after the name in CREATE TABLE. */
  readonly definition: string;
  /** The values at the borders of the type. The table's first rows hold them in turn. */
  readonly edges?: readonly string[];
  /** One ordinary row in so many has a value, the others NULL. Default: every row. */
  readonly oneIn?: number;
  /** A value of an ordinary row. Absent for columns that the server computes. */
  readonly value?: (place: Place) => string;
}

export interface ShopTable {
  readonly name: string;
  readonly columns: readonly ShopColumn[];
  /** Keys and table options of CREATE TABLE. */
  readonly keys: readonly string[];
}

/** The borders come in the first rows; longer lists of borders make this many rows special. */
const EDGE_ROWS = 40;

export function createTable(table: ShopTable): string {
  const columns = table.columns.map(({ name, definition }) => `  ${name} ${definition}`);
  const body = [...columns, ...table.keys.map((key) => `  ${key}`)].join(',\n');
  return `CREATE TABLE ${table.name} (\n${body}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
}

/** The row as a list of SQL literals, in the order of the columns that are not computed. */
export function rowLiterals(table: ShopTable, place: Place): string {
  const values: string[] = [];
  for (const { edges, oneIn = 1, value } of table.columns) {
    if (!value) continue;
    const edge = place.index < EDGE_ROWS ? edges?.[place.index % edges.length] : undefined;
    const absent = oneIn > 1 && !place.random.once(oneIn);
    values.push(edge ?? (absent ? 'NULL' : value(place)));
  }
  return `(${values.join(',')})`;
}
