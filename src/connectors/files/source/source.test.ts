import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testContext } from '../../../../test/fixtures/context.js';
import { readFiles, withFileSource } from '../../../../test/fixtures/file-source.js';
import { type TestFolder, testFolder } from '../../../../test/fixtures/files.js';
import { registry } from '../../registry.js';

let folder: TestFolder;
beforeEach(async () => {
  folder = await testFolder();
});
afterEach(() => folder.remove());

const csv = { table: 't', format: 'csv' } as const;
const columns = [
  { name: 'id', type: 'int', nullable: false },
  { name: 'n', type: 'decimal', nullable: true, precision: 10, scale: 2 },
] as const;

async function publish(): Promise<void> {
  await folder.write('t/run-1/a.csv', 'id,n\n1,1.50\n2,\n');
  await folder.write('t/run-1/b.csv.gz', gzipSync('id,n\n3,-0.01\n'));
  await folder.publish('t', {
    format: 'csv',
    columns,
    key: ['id'],
    files: { 'run-1/a.csv': 2, 'run-1/b.csv.gz': 1 },
  });
}

describe('an export', () => {
  it('has the columns, the key and the rows of its manifest', async () => {
    await publish();
    const { description, rows } = await readFiles(folder.path, csv);
    expect(description).toMatchObject({ columns, key: ['id'], rows: 3, open: false });
    expect(description.consistency).toBe('one export, of 2026-11-01T06:00:00.000Z');
    expect(rows).toEqual([
      { id: '1', n: '1.50' },
      { id: '2', n: null },
      { id: '3', n: '-0.01' },
    ]);
  });

  it.each([
    ['cut short', 'file_changed', () => truncate(`${folder.path}/t/run-1/a.csv`, 12)],
    ['written again', 'file_changed', () => writeFile(`${folder.path}/t/run-1/a.csv`, 'id,n\n1,1.50\n9,\n')],
    ['gone', 'file_missing', () => folder.write('t/LATEST.json', '').then(publishMissing)],
  ])('is refused where a file was %s', async (_, code, change) => {
    await publish();
    await change();
    await expect(readFiles(folder.path, csv)).rejects.toMatchObject({ code });
  });

  async function publishMissing(): Promise<void> {
    await publish();
    const { rm } = await import('node:fs/promises');
    await rm(`${folder.path}/t/run-1/b.csv.gz`);
  }

  it('is refused where a file holds fewer rows than its manifest says', async () => {
    await folder.write('t/run-1/a.csv', 'id,n\n1,1.50\n');
    await folder.publish('t', { format: 'csv', columns, files: { 'run-1/a.csv': 2 } });
    await expect(readFiles(folder.path, csv)).rejects.toMatchObject({ code: 'counts_differ' });
  });

  it('is refused where a file changes while it is read', async () => {
    await folder.write('t/a.csv', `id\n${'1\n'.repeat(10)}`);
    await folder.write('t/b.csv', `id\n${'1\n'.repeat(10)}`);
    await withFileSource(folder.path, csv, async (source) => {
      const [part] = await source.parts(1);
      if (!part) throw new Error('no part');
      const reading = (async () => {
        for await (const _ of source.read(part, { maxRows: 4, maxBytes: 1e6 })) {
          await appendFile(`${folder.path}/t/b.csv`, '2\n');
        }
      })();
      await expect(reading).rejects.toMatchObject({ code: 'file_changed' });
    });
  });

  it('for people is no source', async () => {
    await folder.write('t/run-1/a.csv', 'id,n\n1,1\n');
    await folder.publish('t', { format: 'csv', for: 'people', columns, files: { 'run-1/a.csv': 1 } });
    await expect(readFiles(folder.path, csv)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('for people'),
    });
  });

  it('of another format is named', async () => {
    await publish();
    await expect(readFiles(folder.path, { table: 't', format: 'jsonl' })).rejects.toMatchObject({
      code: 'unsupported',
      hint: 'format: csv',
    });
  });

  it('that is not complete is no table', async () => {
    await folder.write('t/run-1/part-00000.csv', 'id\n1\n');
    await folder.write('t/run-1/unfinished.json', '{}');
    await expect(readFiles(folder.path, csv)).rejects.toMatchObject({ code: 'table_missing' });
  });

  it('of many tables gives each by its name', async () => {
    await folder.write('run-1/shop/shop.t/1/part-0.csv', 'id,n\n1,1\n');
    const at = '2026-11-01T06:00:00.000Z';
    await folder.publish('.', { format: 'csv', files: {} });
    const { readFile, stat } = await import('node:fs/promises');
    const latest = JSON.parse(await readFile(`${folder.path}/LATEST.json`, 'utf8'));
    const { size, mtimeNs } = await stat(`${folder.path}/run-1/shop/shop.t/1/part-0.csv`, { bigint: true });
    const file = {
      name: 'run-1/shop/shop.t/1/part-0.csv',
      bytes: Number(size),
      version: `${mtimeNs.toString(36)}-${size}`,
    };
    await folder.write(
      'LATEST.json',
      JSON.stringify({ ...latest, tables: [{ name: 'shop.t', files: [file] }] }),
    );
    const { description, rows } = await readFiles(folder.path, { table: 'shop.t', format: 'csv' });
    expect(rows).toEqual([{ id: '1', n: '1' }]);
    expect(description.consistency).toContain(at);
  });
});

describe('plain files', () => {
  it('of CSV are text, but for what is declared', async () => {
    await folder.write('t.csv', 'id,at,x\n1,2026-01-31 12:00:00,007\nx,,\n2,no time,\n');
    const { description, rows, refused } = await readFiles(folder.path, {
      ...csv,
      columns: { id: 'int', at: 'datetime' },
    });
    expect(description.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id int',
      'at datetime',
      'x text',
    ]);
    expect(rows).toEqual([{ id: '1', at: '2026-01-31 12:00:00', x: '007' }]);
    expect(refused).toEqual([
      'value_type t.csv line 3: id is not a whole number',
      'value_type t.csv line 4: at is not a time like 2026-01-31 12:34:56.5',
    ]);
  });

  it('of one folder may have their columns in any order, but no others', async () => {
    await folder.write('t/a.csv', 'id,x\n1,a\n');
    await folder.write('t/b.csv', 'x,id\nb,2\n');
    await folder.write('t/_SUCCESS', '');
    await folder.write('t/_tmp/c.csv', 'no\n');
    await folder.write('t/notes.txt', 'no\n');
    expect((await readFiles(folder.path, csv)).rows).toEqual([
      { id: '1', x: 'a' },
      { id: '2', x: 'b' },
    ]);
    await folder.write('t/c.csv', 'id,y\n1,a\n');
    await expect(readFiles(folder.path, csv)).rejects.toMatchObject({ code: 'column_missing' });
  });

  it('of an RDS export are found by the name of their table', async () => {
    await folder.write('shop/shop.t/1/part-0.csv', 'id\n1\n');
    expect((await readFiles(folder.path, { table: 'shop.t', format: 'csv' })).rows).toEqual([{ id: '1' }]);
  });

  it.each([
    ['that may be two things', { 't.csv': 'id\n1\n', 't/a.csv': 'id\n1\n' }, 'unsupported'],
    ['that is not there', { 'u.csv': 'id\n' }, 'table_missing'],
    ['without a header', { 't.csv': '' }, 'file_torn'],
    ['of which two columns have one name', { 't.csv': 'id,id\n' }, 'file_torn'],
    ['that is no gzip', { 't.csv.gz': 'id\n1\n' }, 'file_torn'],
    [
      'that is cut short',
      { 't.csv.gz': gzipSync(`id\n${'123456\n'.repeat(999)}`).subarray(0, 40) },
      'file_torn',
    ],
  ])('a table %s is refused', async (_, contents, code) => {
    for (const [name, content] of Object.entries(contents)) await folder.write(name, content);
    await expect(readFiles(folder.path, csv)).rejects.toMatchObject({ code });
  });

  it('are counted where their keys must differ', async () => {
    const rows = [...Array.from({ length: 5000 }, (_, id) => id), 17, 17, 18];
    await folder.write('t.csv', `id,x\n${rows.map((id) => `${id},a\n`).join('')},a\n,a\n`);
    await withFileSource(folder.path, csv, async (source) => {
      expect(await source.unique(['id'])).toEqual({ duplicates: 3 });
      expect(await source.unique(['id', 'x'])).toEqual({ duplicates: 3 });
      expect(await source.unique(['no'])).toBe('unknown');
    });
    await folder.write('u.jsonl', '{"id":1}\n{"id":"1"}\n{"id":2}\n');
    await withFileSource(folder.path, { table: 'u', format: 'jsonl' }, async (source) => {
      expect(await source.unique(['id'])).toBe('counted');
    });
    await folder.write('v.jsonl', '{"id":1}\n{"id":1.0}\n');
    await withFileSource(folder.path, { table: 'v', format: 'jsonl' }, async (source) => {
      expect(await source.unique(['id'])).toEqual({ duplicates: 1 });
    });
  });

  it('are listed by the names that a source takes', async () => {
    await publish();
    for (const name of ['orders.csv', 'film.parquet', 'films/a.jsonl.gz', 'films/b.jsonl', 'notes.txt']) {
      await folder.write(name, 'x');
    }
    const lent = await testContext();
    const connection = (await registry.files.load()).connect(
      { kind: 'files', path: folder.path },
      lent.context,
    );
    expect(await connection.tables(['*'])).toEqual(['film', 'films', 'orders', 't']);
    expect(await connection.tables(['film*', 'o?ders'])).toEqual(['film', 'films', 'orders']);
    await connection.close();
    await lent.close();
  });
});
