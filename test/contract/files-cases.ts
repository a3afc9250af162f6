import { gzipSync } from 'node:zlib';
import { registry } from '../../src/connectors/registry.js';
import { testContext } from '../fixtures/context.js';
import { type TestFolder, testFolder } from '../fixtures/files.js';
import { parquetFile } from '../fixtures/parquet.js';
import { CANARY, type ContractCases, type SourceCase } from './cases.js';
import { ids } from './incoming.js';

type Fill = (folder: TestFolder, rows: readonly number[]) => Promise<object>;

function source(name: string, fill: Fill): SourceCase {
  return {
    name,
    open: async (rows) => {
      const folder = await testFolder();
      const options = await fill(folder, ids(0, rows));
      const context = await testContext();
      const connector = await registry.files.load();
      const connection = connector.connect({ kind: 'files', path: folder.path }, context.context);
      return {
        connection,
        context,
        options: registry.files.source.parse({ connection: 'c', table: 't', ...options }),
        fingerprint: () => folder.fingerprint(),
        close: async () => {
          await connection.close();
          await context.close();
          await folder.remove();
        },
      };
    },
  };
}

const csv = (rows: readonly number[]) =>
  `label,id\n${rows.map((id) => `"${CANARY} ""${id}"",\n",${id}\n`).join('')}`;
const lines = (rows: readonly number[]) =>
  rows.map((id) => `${JSON.stringify({ id, label: `${CANARY} ${id}` })}\n`).join('');
const items = (rows: readonly number[]) =>
  rows.map((id) => `${JSON.stringify({ Item: { id: { N: String(id) }, label: { S: CANARY } } })}\n`).join('');
const id = { name: 'id', type: 'int', nullable: false } as const;
const label = { name: 'label', type: 'text', nullable: true } as const;

/** In three shares, the last of which may have none. */
function shares(rows: readonly number[]): readonly (readonly number[])[] {
  const third = Math.ceil(rows.length / 3);
  return [rows.slice(0, third), rows.slice(third, 2 * third), rows.slice(2 * third)];
}

const sources: SourceCase[] = [
  source('a CSV file', async (folder, rows) => {
    await folder.write('t.csv', csv(rows));
    return { format: 'csv', columns: { id: 'int' } };
  }),
  source('a folder of compressed CSV', async (folder, rows) => {
    for (const [index, some] of shares(rows).entries()) {
      await folder.write(`t/${index}.csv.gz`, gzipSync(csv(some)));
    }
    return { format: 'csv' };
  }),
  source('an export of CSV', async (folder, rows) => {
    const [one = [], other = [], last = []] = shares(rows);
    const files = { 'run-1/a.csv': one, 'run-1/b.csv.gz': other, 'run-1/c.csv': last };
    for (const [name, some] of Object.entries(files)) {
      await folder.write(`t/${name}`, name.endsWith('.gz') ? gzipSync(csv(some)) : csv(some));
    }
    const counts = Object.fromEntries(Object.entries(files).map(([name, some]) => [name, some.length]));
    await folder.publish('t', { format: 'csv', columns: [label, id], key: ['id'], files: counts });
    return { format: 'csv' };
  }),
  source('a file of JSON Lines', async (folder, rows) => {
    await folder.write('t.jsonl', lines(rows));
    return { format: 'jsonl' };
  }),
  source('JSON Lines of declared columns', async (folder, rows) => {
    await folder.write('t/one.jsonl.gz', gzipSync(lines(rows)));
    return { format: 'jsonl', columns: { id: 'int', label: 'text' } };
  }),
  source('an export of items', async (folder, rows) => {
    await folder.write('t/run-1/a.jsonl', items(rows));
    await folder.publish('t', {
      format: 'jsonl',
      columns: [{ name: 'id', type: 'attribute', nullable: false, native: 'N' }],
      key: ['id'],
      files: { 'run-1/a.jsonl': rows.length },
    });
    return { format: 'jsonl' };
  }),
  source('a Parquet file', async (folder, rows) => {
    await parquetFile(`${folder.path}/t.parquet`, rows, CANARY);
    return { format: 'parquet' };
  }),
  source('an export of Parquet', async (folder, rows) => {
    const counts: Record<string, number> = {};
    for (const [index, some] of shares(rows).entries()) {
      await folder.write(`t/run-1/${index}.parquet`, '');
      await parquetFile(`${folder.path}/t/run-1/${index}.parquet`, some, CANARY);
      counts[`run-1/${index}.parquet`] = some.length;
    }
    await folder.publish('t', { format: 'parquet', columns: [id, label], key: ['id'], files: counts });
    return { format: 'parquet' };
  }),
];

export const filesCases: Partial<ContractCases> = { sources };
