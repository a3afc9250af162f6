import { join } from 'node:path';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { tableLines } from './paper.js';
import type { Program } from './program.js';
import type { DemoServers } from './servers.js';

export const exportPipeline = join('examples', 'orders-parquet.yaml');

/** A query that MySQL and DuckDB understand alike, and answer with one value. */
export interface Measure {
  readonly table: string;
  readonly what: string;
  readonly expression: string;
}

const measures: readonly Measure[] = [
  { table: 'orders', what: 'rows', expression: 'COUNT(*)' },
  { table: 'orders', what: 'sum of total', expression: 'SUM(total)' },
  { table: 'orders', what: 'sum of tax_exact, 38 digits', expression: 'SUM(tax_exact)' },
  { table: 'orders', what: 'characters of note', expression: 'SUM(CHAR_LENGTH(note))' },
  { table: 'customers', what: 'rows', expression: 'COUNT(*)' },
  { table: 'customers', what: 'sum of credit', expression: 'SUM(credit)' },
];

/** A measure as both sides have it. */
export interface Measured extends Measure {
  readonly mysql: string;
  readonly duckdb: string;
}

/**
 * The fourth flow: the shop becomes Parquet on this machine, and DuckDB reads it back by the statements that Sluice prints for it.
 * Says what it does; gives whether both sides have the same counts and sums.
 */
export async function exportShop(
  { connection, databases }: DemoServers,
  program: Program,
  state: string,
  say: (line: string) => void,
): Promise<boolean> {
  say(`\n$ sluice run ${exportPipeline}\n`);
  const run = await program.run(['run', exportPipeline, '--state', state], 'terminal');
  if (run.status !== 0) {
    say(`\nsluice run ended with exit status ${run.status}.`);
    return false;
  }
  say(`\n$ sluice duckdb ${exportPipeline}      (and DuckDB runs what it prints)\n`);
  const { status, stdout } = await program.run(['duckdb', exportPipeline], 'kept');
  if (status !== 0) return false;
  const all = await measureBoth(connection, databases.shop, stdout);
  const lines = all.map((one) => [
    `${one.table}: ${one.what}`,
    one.mysql,
    one.duckdb,
    isEqual(one) ? 'equal' : 'DIFFERENT',
  ]);
  for (const line of tableLines([['', 'MySQL', 'Parquet, by DuckDB', ''], ...lines])) say(`  ${line}`);
  return all.every(isEqual);
}

function isEqual({ mysql, duckdb }: Measured): boolean {
  return mysql === duckdb;
}

/** `statements` make a view of each table in DuckDB. */
export async function measureBoth(
  connection: Connection,
  database: string,
  statements: string,
): Promise<readonly Measured[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const offline = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };
  const instance = await DuckDBInstance.create(':memory:', offline);
  const duckdb = await instance.connect();
  try {
    await duckdb.run('CREATE MACRO char_length(text) AS length(text)');
    await duckdb.run(statements);
    const all: Measured[] = [];
    for (const measure of measures) {
      const { expression, table } = measure;
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT CAST(${expression} AS CHAR) AS found FROM ${database}.${table}`,
      );
      const read = await duckdb.runAndReadAll(`SELECT CAST(${expression} AS VARCHAR) FROM ${table}`);
      all.push({
        ...measure,
        mysql: String(rows[0]?.['found']),
        duckdb: String(read.getRows()[0]?.[0]),
      });
    }
    return all;
  } finally {
    duckdb.closeSync();
    instance.closeSync();
  }
}
