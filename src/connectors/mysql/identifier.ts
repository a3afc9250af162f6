import { SluiceError } from '../../errors.js';

/** A table of a server, by the names that the server itself uses. */
export interface TableName {
  readonly database: string;
  readonly table: string;
}

/** A name as an identifier of SQL, whatever characters it has. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export function quoteTable(name: TableName): string {
  return `${quoteIdentifier(name.database)}.${quoteIdentifier(name.table)}`;
}

/** For people: `shop.orders`. */
export function showTable(name: TableName): string {
  return `${name.database}.${name.table}`;
}

/** Text as a literal of SQL that holds for any sql_mode and client charset: `_utf8mb4 0x…`. */
export function quoteText(text: string): string {
  return text === '' ? "''" : `_utf8mb4 0x${Buffer.from(text, 'utf8').toString('hex')}`;
}

/**
 * The table that a declaration names. With a database on the connection the text is the table's name as it
 * is; without one it must be `database.table`.
 */
export function tableNamed(text: string, database: string | undefined): TableName {
  if (database !== undefined) return { database, table: text };
  const dot = text.indexOf('.');
  if (dot > 0 && dot < text.length - 1) {
    return { database: text.slice(0, dot), table: text.slice(dot + 1) };
  }
  throw new SluiceError('declaration_invalid', `the table ${text} is in no database`, {
    hint: `give the connection a database, or write the table as database.${text}`,
  });
}
