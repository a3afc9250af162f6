import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  duckdbRows,
  type FileGround,
  fileGround,
  parquetList,
  type SinkMore,
} from '../../../test/fixtures/file-sink.js';
import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import type { Incoming, Sink } from '../connector.js';
import type { Store } from '../store.js';

const columns: readonly Column[] = Object.freeze([
  { name: 'id', type: 'int', nullable: false },
  { name: 'label', type: 'text', nullable: true },
]);
const incoming: Incoming = { columns, open: false, key: ['id'] };

let ground: FileGround;
beforeEach(async () => {
  ground = await fileGround();
});
afterEach(() => ground.close());

const rowsOf = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, index) => [String(from + index), `row ${from + index}`]);

async function opened(options: object = {}, resume = false, more: SinkMore = {}): Promise<Sink> {
  const { sink, plan } = await ground.sink(options, incoming, more);
  expect(plan.findings).toEqual([]);
  await sink.open({ resume });
  return sink;
}

async function write(sink: Sink, rows: Row[], token: string): Promise<void> {
  const writer = await sink.writer();
  await writer.write({ columns, rows, bytes: 10 * rows.length }, token);
  await writer.close();
}

/** A whole run of its own. */
async function run(name: string, rows: Row[], options: object = {}): Promise<void> {
  const sink = await opened(options, false, { context: { run: name } });
  await write(sink, rows, '0.0');
  await sink.finish({ rejected: 0 });
  await sink.close();
}

async function ids(table = 't'): Promise<number[]> {
  const paths = await ground.files(table);
  const rows = await duckdbRows(`SELECT id FROM read_parquet(${parquetList(paths)}) ORDER BY id`);
  return rows.map(([id]) => Number(id));
}

const numbers = (from: number, to: number) => rowsOf(from, to).map(([id]) => Number(id));
const below = async (folder = '') =>
  (await readdir(join(ground.folder, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(ground.folder.length + 1))
    .sort();

describe('an export', () => {
  it('is files, their manifest, and LATEST.json', async () => {
    await run('run-1', rowsOf(0, 10));
    expect(await below()).toEqual(['t/LATEST.json', 't/run-1/manifest.json', 't/run-1/part-00000.parquet']);
    expect(await ground.latest('t')).toMatchObject({
      export: 'run-1',
      pipeline: 'contract',
      format: 'parquet',
      tables: [{ columns, key: ['id'], rows: 10, files: [{ name: 'run-1/part-00000.parquet', rows: 10 }] }],
      kept: [],
    });
    expect(await ids()).toEqual(numbers(0, 10));
  });

  it('without rows is a file that tells its columns', async () => {
    const sink = await opened();
    await sink.finish({ rejected: 0 });
    const [path] = await ground.files('t');
    expect(await duckdbRows(`SELECT column_name FROM (DESCRIBE SELECT * FROM '${path}')`)).toEqual([
      ['id'],
      ['label'],
    ]);
    expect(await ids()).toEqual([]);
  });

  it('is cut into files of so many rows, and these into row groups', async () => {
    const sink = await opened({ file: { rows: 5000 }, rowGroup: 2048 });
    for (let batch = 0; batch < 12; batch++)
      await write(sink, rowsOf(batch * 1000, (batch + 1) * 1000), `0.${batch}`);
    await sink.finish({ rejected: 0 });
    const { tables } = (await ground.latest('t')) ?? { tables: [] };
    expect(tables[0]?.files.map(({ rows }) => rows)).toEqual([5000, 5000, 2000]);
    const [path] = await ground.files('t');
    const groups = await duckdbRows(
      `SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata('${path}') ORDER BY 1`,
    );
    const sizes = groups.map(([, rows]) => Number(rows));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * 2048);
    expect(sizes.reduce((sum, rows) => sum + rows, 0)).toBe(5000);
    expect(sizes.length).toBeGreaterThan(1);
    expect(await ids()).toEqual(numbers(0, 12_000));
  });

  it('has its rows in the order in which they came, whichever batch is on disk first', async () => {
    const sink = await opened({ file: { rows: 9000 }, rowGroup: 2048 });
    const writers = [await sink.writer(), await sink.writer()];
    for (let batch = 0; batch < 40; batch += 2) {
      // The first of the two is much longer on its way.
      const [long, short] = [
        rowsOf(batch * 1000, batch * 1000 + 1990),
        rowsOf(batch * 1000 + 1990, batch * 1000 + 2000),
      ];
      await Promise.all(
        [long, short].map((rows, index) =>
          writers[index]?.write({ columns, rows, bytes: 10 * rows.length }, `0.${batch + index}`),
        ),
      );
    }
    await sink.finish({ rejected: 0 });
    const paths = await ground.files('t');
    expect(paths.length).toBe(5);
    const rows = await duckdbRows(`SELECT id FROM read_parquet(${parquetList(paths)})`);
    expect(rows.map(([id]) => Number(id))).toEqual(numbers(0, 40_000));
  });

  it('grows while rows come, and is seen when it is whole', async () => {
    const sink = await opened({ rowGroup: 2048 });
    const making = join(ground.scratch, 'files', 'making-0.tmp');
    const size = () =>
      stat(making).then(
        ({ size: bytes }) => bytes,
        () => 0,
      );
    await write(sink, rowsOf(0, 5000), '0.0');
    await vi.waitFor(async () => expect(await size()).toBeGreaterThan(5000), { timeout: 60_000 });
    const before = await size();
    await write(sink, rowsOf(5000, 10_000), '0.1');
    await vi.waitFor(async () => expect(await size()).toBeGreaterThan(before + 5000), { timeout: 60_000 });
    expect(await below()).toEqual(['t/run-1/unfinished.json']);
    await sink.finish({ rejected: 0 });
    expect(await ids()).toEqual(numbers(0, 10_000));
  });

  it('writes tables of many columns and long texts within the memory that it has', async () => {
    const wide = Array.from(
      { length: 200 },
      (_, index): Column => ({ name: `c${index}`, type: 'text', nullable: true }),
    );
    const { sink } = await ground.sink({}, { columns: wide, open: false, key: [] });
    await sink.open({ resume: false });
    const rows = Array.from({ length: 5000 }, (_, row) => wide.map((_, index) => `${row} of ${index}`));
    for (const token of ['0.0', '0.1', '0.2', '0.3']) {
      const writer = await sink.writer();
      await writer.write({ columns: wide, rows, bytes: 4_000_000 }, token);
      await writer.close();
    }
    await sink.finish({ rejected: 0 });
    await sink.close();
    const found = await duckdbRows(
      `SELECT COUNT(*), MAX(c199) FROM read_parquet(${parquetList(await ground.files('t'))})`,
    );
    expect(found.map((row) => row.map(String))).toEqual([['20000', '999 of 199']]);
  });

  it('has statistics and dictionaries', async () => {
    await run(
      'run-1',
      rowsOf(0, 5000).map(([id]) => [id, `label ${Number(id) % 3}`] as Row),
    );
    const [path] = await ground.files('t');
    const found = await duckdbRows(
      `SELECT path_in_schema, stats_min_value, stats_max_value, encodings, compression FROM parquet_metadata('${path}')`,
    );
    expect(found.map((cells) => cells.map(String))).toEqual([
      ['id', '0', '4999', expect.any(String), 'ZSTD'],
      ['label', 'label 0', 'label 2', expect.stringContaining('DICTIONARY'), 'ZSTD'],
    ]);
  });

  it('lies as RDS lays its exports, if that is said', async () => {
    await run('run-1', rowsOf(0, 3), { table: 'shop.orders', layout: 'rds' });
    const name = expect.stringMatching(
      /^shop\.orders\/run-1\/shop\/shop\.orders\/1\/part-00000-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.gz\.parquet$/,
    );
    expect(await below()).toEqual([
      'shop.orders/LATEST.json',
      'shop.orders/run-1/manifest.json',
      'shop.orders/run-1/shop/shop.orders/1/_SUCCESS',
      name,
    ]);
    expect(await ids('shop.orders')).toEqual([0, 1, 2]);
  });

  it('takes the place of those before it, of which as many are kept as is said', async () => {
    for (const name of ['run-1', 'run-2', 'run-3']) await run(name, rowsOf(0, 2), { keep: 2 });
    expect(await below()).toEqual([
      't/LATEST.json',
      't/run-2/manifest.json',
      't/run-2/part-00000.parquet',
      't/run-3/manifest.json',
      't/run-3/part-00000.parquet',
    ]);
    expect(await ground.latest('t')).toMatchObject({ export: 'run-3', kept: ['run-2'] });
  });

  it('leaves alone what is not its own, also beside it', async () => {
    await run('run-1', rowsOf(0, 2));
    await writeFile(join(ground.folder, 't', 'run-1', 'notes.txt'), 'mine');
    await mkdir(join(ground.folder, 't2', 'run-1'), { recursive: true });
    await writeFile(join(ground.folder, 't2', 'run-1', 'part-00000.parquet'), 'mine');
    await mkdir(join(ground.folder, 't', 'other'), { recursive: true });
    await writeFile(join(ground.folder, 't', 'other', 'part-00000.parquet'), 'mine');
    await run('run-2', rowsOf(0, 2));
    expect(await below()).toEqual([
      't/LATEST.json',
      't/other/part-00000.parquet',
      't/run-1/notes.txt',
      't/run-2/manifest.json',
      't/run-2/part-00000.parquet',
      't2/run-1/part-00000.parquet',
    ]);
  });
});

describe('an interrupted run', () => {
  it('is gone on with: files and segments are there once', async () => {
    const options = { file: { rows: 100 } };
    const first = await opened(options);
    await write(first, rowsOf(0, 100), '0.0');
    await write(first, rowsOf(100, 150), '0.1');
    await first.close();
    const second = await opened(options, true);
    const found = await second.recorded?.(['0.0', '0.1', '0.2']);
    expect([...(found ?? [])].map(([token, { written }]) => [token, written])).toEqual([
      ['0.0', 100],
      ['0.1', 50],
    ]);
    await write(second, rowsOf(100, 150), '0.1');
    await write(second, rowsOf(150, 180), '0.2');
    await second.finish({ rejected: 0 });
    expect(await ids()).toEqual(numbers(0, 180));
  });

  it('that had published finishes again without a change', async () => {
    const first = await opened();
    await write(first, rowsOf(0, 10), '0.0');
    await first.finish({ rejected: 0 });
    await first.close();
    const second = await opened({}, true);
    await second.finish({ rejected: 0 });
    expect(await ids()).toEqual(numbers(0, 10));
    expect(await ground.latest('t')).toMatchObject({ export: 'run-1', kept: [] });
  });

  it('is refused where the columns or the options of the files are others', async () => {
    const first = await opened();
    await write(first, rowsOf(0, 10), '0.0');
    await first.close();
    await expect(opened({ compression: 'gzip' }, true)).rejects.toMatchObject({ code: 'not_resumable' });
  });

  it('is refused where its scratch is gone', async () => {
    const first = await opened();
    await first.close();
    await rm(ground.scratch, { recursive: true });
    await expect(opened({}, true)).rejects.toMatchObject({ code: 'not_resumable' });
  });

  it('that is given up leaves what its successor clears away, and a reader the old export', async () => {
    await run('run-1', rowsOf(0, 5));
    const given = await opened({ file: { rows: 10 } }, false, { context: { run: 'run-2' } });
    await write(given, rowsOf(0, 10), '0.0');
    await write(given, rowsOf(10, 20), '0.1');
    await given.close();
    expect(await ids()).toEqual(numbers(0, 5));
    expect((await below()).filter((name) => name.includes('run-2'))).not.toEqual([]);
    await run('run-3', rowsOf(0, 7));
    expect(await ids()).toEqual(numbers(0, 7));
    expect((await below()).filter((name) => !name.includes('run-3'))).toEqual(['t/LATEST.json']);
  });

  it('of another machine is left alone', async () => {
    const elsewhere = join(ground.scratch, 'elsewhere');
    const given = await opened({}, false, { context: { run: 'run-2', scratch: elsewhere } });
    await write(given, rowsOf(0, 10), '0.0');
    await given.close();
    await writeFile(join(ground.folder, 't', 'run-2', 'part-00000.parquet'), 'half');
    await run('run-3', rowsOf(0, 7));
    expect((await below()).filter((name) => name.includes('run-2'))).toEqual([
      't/run-2/part-00000.parquet',
      't/run-2/unfinished.json',
    ]);
  });
});

describe('a failure', () => {
  it('of the store while rows come is thrown to whoever writes next', async () => {
    const broken = (store: Store): Store =>
      new Proxy(store, {
        get: (of, name) =>
          name === 'putFile'
            ? () => Promise.reject(new Error('the disk is gone'))
            : Reflect.get(of, name).bind?.(of),
      });
    const sink = await opened({ file: { rows: 10 } }, false, { store: broken });
    const failed = (async () => {
      for (let batch = 0; batch < 50; batch++)
        await write(sink, rowsOf(batch * 10, batch * 10 + 10), `0.${batch}`);
      await sink.finish({ rejected: 0 });
    })();
    await expect(failed).rejects.toThrow('the disk is gone');
    await sink.close();
    expect(await ground.latest('t')).toBeUndefined();
  });

  it('by a file that somebody changed leaves the old export the newest', async () => {
    await run('run-1', rowsOf(0, 5));
    const spoiled = (store: Store): Store =>
      new Proxy(store, {
        get: (of, name) => {
          if (name !== 'putFile') return Reflect.get(of, name).bind?.(of);
          return async (at: string, path: string) => {
            const put = await of.putFile(at, path);
            await writeFile(join(ground.folder, at), 'something else');
            return put;
          };
        },
      });
    const sink = await opened({}, false, { context: { run: 'run-2' }, store: spoiled });
    await write(sink, rowsOf(0, 10), '0.0');
    await expect(sink.finish({ rejected: 0 })).rejects.toMatchObject({ code: 'counts_differ' });
    await sink.close();
    expect(await ids()).toEqual(numbers(0, 5));
  });

  it.each([
    { of: 'that was torn', code: 'write_refused', spoil: (bytes: Buffer) => bytes.subarray(0, -20) },
    { of: 'with other rows than it says', code: 'counts_differ', spoil: (_: Buffer, other: Buffer) => other },
  ])('of a segment $of is an error, not a shorter file', async ({ code, spoil }) => {
    const sink = await opened();
    await write(sink, rowsOf(0, 10), '0.0');
    await write(sink, rowsOf(10, 15), '0.1');
    await sink.close();
    const folder = join(ground.scratch, 'files', 'segments');
    const [first, second] = (await readdir(folder)).sort().map((name) => join(folder, name)) as [
      string,
      string,
    ];
    await writeFile(first, spoil(await readFile(first), await readFile(second)));
    const resumed = await opened({}, true);
    await expect(resumed.finish({ rejected: 0 })).rejects.toMatchObject({ code });
    await resumed.close();
    expect(await ground.latest('t')).toBeUndefined();
  });
});

describe('a plan', () => {
  it('of changes, or of single rows, is refused', async () => {
    const changes = await ground.sink({}, { ...incoming, changes: true });
    const replay = await ground.sink({}, incoming, { context: { replay: true } });
    for (const { plan } of [changes, replay]) expect(plan.findings).toMatchObject([{ code: 'unsupported' }]);
  });

  it('into a folder of another step is refused', async () => {
    await run('run-1', rowsOf(0, 2));
    const { plan } = await ground.sink({}, incoming, { context: { step: 'another' } });
    expect(plan.findings).toMatchObject([{ code: 'folder_taken' }]);
  });

  it('of a table of which only the key is known is refused with a way out', async () => {
    const { plan } = await ground.sink({}, { columns: [columns[0] as Column], open: true, key: ['id'] });
    expect(plan.findings).toMatchObject([
      { code: 'type_refused', hint: expect.stringContaining('map: { only') },
    ]);
    const known = await ground.sink(
      { extra: { into: 'rest' } },
      { columns: [columns[0] as Column], open: true, key: ['id'] },
    );
    expect(known.plan.findings).toEqual([]);
  });

  it('of two columns that differ in case is refused', async () => {
    const twice = [...columns, { name: 'ID', type: 'int' as const, nullable: true }];
    const { plan } = await ground.sink({}, { ...incoming, columns: twice });
    expect(plan.findings).toMatchObject([{ code: 'type_refused', path: 'ID' }]);
  });
});
