import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type FileGround, fileGround } from '../../../test/fixtures/file-sink.js';
import type { Column } from '../../values/column.js';
import type { Store } from '../store.js';
import { csvFormat } from './csv/csv-format.js';
import { FileMaker } from './file-maker.js';
import type { FileOptions, RowsFormat } from './format.js';
import { Spool } from './spool.js';

const options = { format: 'csv', compression: 'none', rowGroupRows: 1, forPeople: false } as const;
const columns: readonly Column[] = Object.freeze([{ name: 'id', type: 'int', nullable: false }]);

let ground: FileGround;
let store: Store;
let format: RowsFormat;
let spool: Spool;
beforeEach(async () => {
  ground = await fileGround();
  const incoming = { columns, open: false, key: ['id'] };
  await ground.sink({}, incoming, {
    store: (own) => {
      store = own;
      return own;
    },
  });
  format = csvOf({ ...options, extra: undefined });
  spool = new Spool(ground.scratch);
  await spool.begin({ run: 'run-1', asOf: '', form: '' });
});
afterEach(() => ground.close());

function csvOf(options: FileOptions): RowsFormat {
  const { rows } = csvFormat(options).plan({ columns, open: false, key: ['id'] });
  if (!rows) throw new Error('not planned');
  return rows;
}

const makerOf = (rows: number, into: Store = store) =>
  new FileMaker(
    {
      spool,
      store: into,
      format,
      bounds: { rows, bytes: Number.POSITIVE_INFINITY },
      nameOf: (index) => `t/${index}`,
      signal: new AbortController().signal,
    },
    [],
    [],
  );

const kept = (token: string, rows: number) =>
  spool.keep(token, format.encoder().encode({ columns, rows: Array(rows).fill(['1']), bytes: rows }));

it('a batch that is on disk before one that came earlier waits for it', async () => {
  const maker = makerOf(10);
  for (const token of ['0.8', '0.9', '0.10']) maker.announce(token);
  await maker.add(await kept('0.10', 10));
  await maker.add(await kept('0.9', 10));
  await maker.add(await kept('0.8', 10));
  const files = await maker.finish();
  expect(files.map(({ segments }) => segments.map(({ token }) => token))).toEqual([
    ['0.8'],
    ['0.9'],
    ['0.10'],
  ]);
});

it('a batch that does not fit into a file any more begins the next, and one beyond all bounds is a file', async () => {
  const maker = makerOf(10);
  for (const [token, rows] of [
    ['0.0', 4],
    ['0.1', 5],
    ['0.2', 2],
    ['0.3', 0],
    ['0.4', 25],
    ['0.5', 8],
    ['0.6', 2],
    ['0.7', 1],
  ] as const) {
    maker.announce(token);
    await maker.add(await kept(token, rows));
  }
  const files = await maker.finish();
  expect(files.map(({ rows }) => rows)).toEqual([9, 2, 25, 10, 1]);
  expect(await spool.segments()).toEqual([]);
});

it('the next file grows while one is put in its store, and is put there after it', async () => {
  const puts: string[] = [];
  const gate = new EventEmitter();
  const opened = once(gate, 'open');
  const putFile: Store['putFile'] = async (name, path) => {
    puts.push(name);
    await opened;
    return await store.putFile(name, path);
  };
  const maker = makerOf(10, Object.assign(Object.create(store), { putFile }));
  for (const token of ['0.0', '0.1', '0.2']) {
    maker.announce(token);
    await maker.add(await kept(token, 10));
  }
  const lines = async () => (await readFile(spool.making(1), 'utf8').catch(() => '')).split('\n').length - 1;
  await vi.waitFor(async () => expect(await lines()).toBe(11), { timeout: 60_000 });
  expect(puts).toEqual(['t/0']);
  gate.emit('open');
  const files = await maker.finish();
  expect(files.map(({ name, rows }) => [name, rows])).toEqual([
    ['t/0', 10],
    ['t/1', 10],
    ['t/2', 10],
  ]);
  expect(await spool.segments()).toEqual([]);
});

it('a file that cannot be put in its store ends all of it', async () => {
  const putFile: Store['putFile'] = () => Promise.reject(new Error('the disk is full'));
  const maker = makerOf(10, Object.assign(Object.create(store), { putFile }));
  maker.announce('0.0');
  await maker.add(await kept('0.0', 10));
  await expect(maker.finish()).rejects.toThrow('the disk is full');
  expect(await spool.segments()).toHaveLength(1);
});

it('a file for people is counted behind its byte order mark, and put', async () => {
  format = csvOf({ ...options, forPeople: true, extra: undefined });
  const maker = makerOf(10);
  maker.announce('0.1');
  await maker.add(await kept('0.1', 2));
  expect(await maker.finish()).toMatchObject([{ rows: 2 }]);
  expect((await store.readText('t/0'))?.text).toBe('\uFEFF"id"\r\n"1"\r\n"1"\r\n');
});
