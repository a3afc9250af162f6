import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../../connectors/store.js';
import { parquetRows } from './parquet-rows.js';

let folder: string;
const files = new Map<string, Buffer>();
/** Rows and columns of each file: the wide one's footer is longer than what is read at first. */
const shapes = { small: [3, 2], none: [0, 2], large: [200_000, 1], wide: [10, 500] } as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-parquet-rows-'));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  for (const [name, [rows, columns]] of Object.entries(shapes)) {
    const path = join(folder, name);
    const list = Array.from({ length: columns }, (_, at) => `{'a': range, 'b': [range]} AS c${at}`);
    await connection.run(
      `COPY (SELECT ${list.join()} FROM range(${rows})) TO '${path}' (FORMAT parquet, COMPRESSION gzip)`,
    );
    files.set(name, await readFile(path));
  }
  connection.closeSync();
  instance.closeSync();
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A store with nothing but one object. */
function holding(bytes: Buffer): Store {
  const open = async (_name: string, { start = 0, end }: { start?: number; end?: number } = {}) =>
    Readable.from([bytes.subarray(start, end)]);
  return { open } as unknown as Store;
}

const rowsIn = (bytes: Buffer, said = bytes.length) =>
  parquetRows(holding(bytes), { name: 'part.parquet', bytes: said, version: '1' });

test.each(Object.entries(shapes))('the rows of a %s file are told by its footer', async (name, [rows]) => {
  const bytes = files.get(name) ?? Buffer.alloc(0);
  if (name === 'wide') expect(bytes.readUInt32LE(bytes.length - 8)).toBeGreaterThan(64 * 1024);
  expect(await rowsIn(bytes)).toBe(rows);
});

test.each([
  ['has no bytes', () => rowsIn(Buffer.alloc(0))],
  ['is cut short', () => rowsIn((files.get('small') ?? Buffer.alloc(0)).subarray(0, -1))],
  ['is shorter than it was listed', () => rowsIn(files.get('small') ?? Buffer.alloc(0), 5000)],
  ['is no Parquet', () => rowsIn(Buffer.alloc(100, 'x'))],
  [
    'has a footer of no possible length',
    () =>
      rowsIn(Buffer.concat([Buffer.from('PAR1'), Buffer.from([255, 255, 255, 127]), Buffer.from('PAR1')])),
  ],
  [
    'has a damaged footer',
    () =>
      rowsIn(
        Buffer.concat([
          Buffer.from('PAR1'),
          Buffer.alloc(8, 0xff),
          Buffer.from([8, 0, 0, 0]),
          Buffer.from('PAR1'),
        ]),
      ),
  ],
])('a file that %s is no complete export', async (_, read) => {
  await expect(read()).rejects.toMatchObject({ code: 'export_incomplete' });
});
