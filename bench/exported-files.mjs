import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { runDeclaration } from './sluice.mjs';

/**
 * @typedef {object} Export
 * @property {object} source a connection
 * @property {object} from its table
 * @property {object} [step] what else the step says
 * @property {string} folder in which the export is made
 * @property {string} table below it
 * @property {number} rows
 * @property {string} [id] the SQL of a row's id
 * @property {Record<string, string>} [environment]
 */

/**
 * Copies a table to Parquet in a folder, and counts what its files hold.
 * @param {Export} job
 */
export async function exported({ source, from, step = {}, folder, table, rows, id, environment = {} }) {
  const declaration = {
    pipeline: 'bench',
    connections: { source, out: { kind: 'files', path: folder } },
    steps: [
      {
        copy: 'orders',
        from: { connection: 'source', ...from },
        to: { connection: 'out', table, format: 'parquet' },
        ...step,
      },
    ],
  };
  const sample = await runDeclaration(declaration, { environment });
  const latest = JSON.parse(await readFile(join(folder, table, 'LATEST.json'), 'utf8'));
  const paths = latest.tables[0].files.map((/** @type {{ name: string }} */ { name }) =>
    join(folder, table, name),
  );
  const exports = (await readdir(join(folder, table))).filter((name) => name !== 'LATEST.json');
  if (exports.length !== 1) throw new Error(`${exports.length} exports are kept, and one was asked for`);
  return await checked(sample, paths, rows, id);
}

/**
 * Throws unless the files hold every row once: ids from 1 to `rows`.
 * @template {{ rows: number }} T
 * @param {T} sample
 * @param {readonly string[]} paths
 * @param {number} rows
 * @param {string} [id]
 */
export async function checked(sample, paths, rows, id = 'id') {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const list = paths.map((path) => `'${path}'`).join(', ');
  const reader = await connection.runAndReadAll(
    `SELECT count(*), count(DISTINCT id), min(id), max(id) FROM (SELECT ${id} AS id FROM read_parquet([${list}]))`,
  );
  connection.closeSync();
  instance.closeSync();
  const found = (reader.getRows()[0] ?? []).map(Number).join(' ');
  if (sample.rows !== rows || found !== `${rows} ${rows} 1 ${rows}`) {
    throw new Error(`${rows} rows were exported, the program says ${sample.rows}, the files hold ${found}`);
  }
  const sizes = await Promise.all(paths.map((path) => stat(path)));
  return { ...sample, bytes: sizes.reduce((sum, { size }) => sum + size, 0) };
}
