import { setImmediate } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { createTable, rowLiterals, type ShopTable } from './shop/column.js';
import { orders } from './shop/orders.js';
import { customers, LINES_PER_ORDER, orderLines } from './shop/others.js';
import { Random } from './shop/random.js';

export interface ShopOptions {
  /** How many orders there are; customers and lines follow from it. Default 100,000. */
  readonly orders?: number;
  /** The same seed makes the same shop. Default 1. */
  readonly seed?: number;
  /** Default all. */
  readonly tables?: readonly ShopTableName[];
}

export type ShopTableName = 'orders' | 'customers' | 'order_lines';

const DEFAULT_ORDERS = 100_000;
/** Below the smallest max_allowed_packet that servers come with, 1 MiB of MySQL 5. */
const MAX_STATEMENT_CHARACTERS = 250_000;

const tables: Readonly<Record<ShopTableName, { table: ShopTable; rows: (orders: number) => number }>> = {
  orders: { table: orders, rows: (count) => count },
  customers: { table: customers, rows: (count) => Math.ceil(count / 10) },
  order_lines: { table: orderLines, rows: (count) => count * LINES_PER_ORDER },
};

const everyTable = Object.keys(tables) as ShopTableName[];

/** The CREATE TABLE statements of the shop: MySQL 8 and MariaDB 10.11 take them alike. */
export function shopSchema(names: readonly ShopTableName[] = everyTable): string[] {
  return names.map((name) => createTable(tables[name].table));
}

/**
 * Makes the shop in the connection's database: `orders` with every column type at its borders and hostile texts, and
 * two narrower tables. Sets the session's time zone, SQL mode and charset. Gives the rows made, by table.
 */
export async function createShop(
  connection: Connection,
  options: ShopOptions = {},
): Promise<Record<string, number>> {
  await connection.query("SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES', NAMES utf8mb4");
  const made: Record<string, number> = {};
  for (const name of options.tables ?? everyTable) {
    const { table, rows } = tables[name];
    await connection.query(createTable(table));
    made[name] = rows(options.orders ?? DEFAULT_ORDERS);
    await fill(connection, table, made[name], options.seed ?? 1);
  }
  return made;
}

/** Several rows a statement, all in one transaction. The next statement is put together while the server works on one. */
async function fill(connection: Connection, table: ShopTable, rows: number, seed: number): Promise<void> {
  await connection.query('START TRANSACTION');
  const made = statements(table, rows, new Random(seed));
  let statement = made.next();
  while (!statement.done) {
    const running = connection.query(statement.value);
    [statement] = await Promise.all([setImmediate().then(() => made.next()), running]);
  }
  await connection.query('COMMIT');
}

function* statements(table: ShopTable, rows: number, random: Random): Generator<string> {
  const columns = table.columns.filter(({ value }) => value).map(({ name }) => name);
  const head = `INSERT INTO ${table.name} (${columns.join(',')}) VALUES `;
  let statement = '';
  for (let index = 0; index < rows; index++) {
    statement += (statement === '' ? head : ',') + rowLiterals(table, { index, rows, random });
    if (statement.length >= MAX_STATEMENT_CHARACTERS) {
      yield statement;
      statement = '';
    }
  }
  if (statement !== '') yield statement;
}
