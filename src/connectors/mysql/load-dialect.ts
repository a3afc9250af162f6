import { NULL_FIELD } from './fit.js';
import { quoteIdentifier, quoteTable, type TableName } from './identifier.js';

/** Where rows are loaded to: the table and the columns that each row has a field for, in order. */
export interface LoadTarget {
  readonly table: TableName;
  readonly columns: readonly LoadColumn[];
}

export interface LoadColumn {
  readonly name: string;
  /** Its fields are hex digits. */
  readonly binary: boolean;
}

/**
 * The fields of a row in the order of the target's columns, joined by commas, without an end of row. Every
 * way of loading has its own spelling of a field.
 */
export type Line = string;

/** How a field of `fit.ts` is written into a line. */
export type Spelling = (field: string, binary: boolean) => string;

/** For LOAD DATA a field is what it is. */
export const loadSpelling: Spelling = (field) => field;

/** In an INSERT, "…" with backslashes is a string as it is; bare fields are quoted, so that both are read alike. */
export const insertSpelling: Spelling = (field, binary) => {
  if (field === NULL_FIELD) return 'NULL';
  if (binary) return `x'${field}'`;
  return field.startsWith('"') ? field : `'${field}'`;
};

/**
 * The statement that reads our dialect: backslash-escaped, quoted where needed, one line a row; bytes
 * come as hex digits. `from` says where the lines are, with IGNORE where it is not LOCAL, which implies it: only the
 * counts and warnings tell of trouble. https://dev.mysql.com/doc/refman/8.4/en/load-data.html
 */
export function loadStatement({ table, columns }: LoadTarget, from: string): string {
  const fields = columns.map(({ name, binary }, index) => (binary ? `@f${index}` : quoteIdentifier(name)));
  const sets = columns.flatMap(({ name, binary }, index) =>
    binary ? [`${quoteIdentifier(name)} = UNHEX(@f${index})`] : [],
  );
  return [
    `LOAD DATA ${from} INTO TABLE ${quoteTable(table)} CHARACTER SET utf8mb4`,
    String.raw`FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY '\\' LINES TERMINATED BY '\n'`,
    `(${fields.join(', ')})`,
    ...(sets.length === 0 ? [] : [`SET ${sets.join(', ')}`]),
  ].join(' ');
}

/** The head of a multi-row INSERT; `(line)`s follow. `lenient`: what cannot be stored is a warning. */
export function insertStatement({ table, columns }: LoadTarget, lenient: boolean): string {
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  return `INSERT ${lenient ? 'IGNORE ' : ''}INTO ${quoteTable(table)} (${names}) VALUES `;
}
