import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileGround, fileGround, type SinkMore } from '../../../../test/fixtures/file-sink.js';
import type { Batch, Change } from '../../../values/batch.js';
import type { Row } from '../../../values/cell.js';
import type { Column } from '../../../values/column.js';
import type { Sink } from '../../connector.js';
import type { Store } from '../../store.js';

let ground: FileGround;
beforeEach(async () => {
  ground = await fileGround();
});
afterEach(() => ground.close());

const columns: readonly Column[] = [
  { name: 'id', type: 'int', nullable: false },
  { name: 'label', type: 'text', nullable: true },
];

const change = (day: string): Change => ({
  event: 'insert',
  sequence: '1',
  changedAt: `${day}T23:59:58Z`,
  receivedAt: `${day}T23:59:59Z`,
});

function batchOf(rows: readonly Row[], day = '2026-11-21'): Batch {
  return { columns, rows: [...rows], bytes: 100, changes: rows.map(() => change(day)) };
}

const rowsOf = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, at) => [String(from + at), `row ${from + at}`]);
/** Half of a surrogate pair, which UTF-8 does not have. */
const bad: Row = ['0', 'half \ud800'];

async function opened(options: object = {}, more: SinkMore = {}): Promise<Sink> {
  const incoming = { columns, open: false, key: ['id'], changes: true as const };
  const { sink, plan } = await ground.sink({ mode: 'append', format: 'csv', ...options }, incoming, more);
  expect(plan.findings).toEqual([]);
  await sink.open({ resume: false });
  return sink;
}

async function write(sink: Sink, batch: Batch, token = 'load.0') {
  const writer = await sink.writer();
  try {
    return await writer.write(batch, token);
  } finally {
    await writer.close();
  }
}

/** The files below the table, with what they hold. */
async function found(): Promise<Record<string, string>> {
  const entries = await readdir(ground.folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(paths.sort().map((path) => readFile(path, 'utf8')));
  return Object.fromEntries(paths.map((path, at) => [path.slice(ground.folder.length + 1), texts[at] ?? '']));
}

const contents = async () => Object.values(await found());

/** A store that fails when a file is put: before anything is there, or after all is. */
const failing =
  (when: 'before' | 'after') =>
  (store: Store): Store =>
    new Proxy(store, {
      get: (of, name) => {
        if (name !== 'putNew') return Reflect.get(of, name).bind?.(of);
        return async (at: string, path: string) => {
          if (when === 'after') await of.putNew(at, path);
          throw new Error('the store is gone');
        };
      },
    });

describe('a load', () => {
  it('becomes one file, named for the day of its first change, the run, the step and its number', async () => {
    const sink = await opened();
    expect(await write(sink, batchOf(rowsOf(0, 2)))).toMatchObject({ written: 2, rejects: [] });
    await write(sink, batchOf(rowsOf(2, 3), '2026-12-01'), 'load.12');
    const files = await found();
    expect(Object.keys(files)).toEqual([
      expect.stringMatching(/^t\/changes\/2026\/11\/21\/run-1-[0-9a-f]{8}-000000000\.csv$/),
      expect.stringMatching(/^t\/changes\/2026\/12\/01\/run-1-[0-9a-f]{8}-000000012\.csv$/),
    ]);
    expect(Object.values(files)).toEqual(['id,label\n0,row 0\n1,row 1\n', 'id,label\n2,row 2\n']);
    await sink.close();
  });

  it('of another step, of another run and of another token has another name', async () => {
    for (const context of [{}, { step: 'other' }, { run: 'run-2' }, { pipeline: 'other' }]) {
      const sink = await opened({}, { context });
      await write(sink, batchOf(rowsOf(0, 1)));
      await write(sink, batchOf(rowsOf(0, 1)), 'load.1');
      await sink.close();
    }
    expect(await contents()).toHaveLength(8);
  });

  it('that is written again is there once, by the same sink, by the next, and without its scratch', async () => {
    for (const time of [1, 2, 3]) {
      if (time === 3) await rm(ground.scratch, { recursive: true });
      const sink = await opened();
      for (const again of [1, 2]) {
        expect(await write(sink, batchOf(rowsOf(0, 2))), `${time}, ${again}`).toMatchObject({ written: 2 });
      }
      await sink.close();
    }
    expect(await contents()).toEqual(['id,label\n0,row 0\n1,row 1\n']);
  });

  it('whose file somebody took away after it was written is not written again', async () => {
    const sink = await opened();
    await write(sink, batchOf(rowsOf(0, 2)));
    await rm(ground.folder, { recursive: true });
    await sink.close();
    const next = await opened();
    expect(await next.recorded?.(['load.0', 'load.1'])).toEqual(
      new Map([['load.0', { written: 2, unchanged: 0, rejected: 0, units: 0 }]]),
    );
    await write(next, batchOf(rowsOf(0, 2)));
    await next.close();
    expect(await contents()).toEqual([]);
  });

  it('of rows that are all refused makes no file, and says why', async () => {
    const sink = await opened();
    const { written, rejects } = await write(sink, batchOf([bad, bad]));
    expect([written, rejects.map(({ row, code }) => [row, code])]).toEqual([
      0,
      [
        [0, 'value_inexact'],
        [1, 'value_inexact'],
      ],
    ]);
    expect(await contents()).toEqual([]);
    await sink.close();
  });

  it('says again what it refused', async () => {
    for (const time of [1, 2]) {
      const sink = await opened();
      if (time === 2)
        expect((await sink.recorded?.(['load.0']))?.get('load.0')).toMatchObject({ written: 1, rejected: 1 });
      const { written, rejects } = await write(sink, batchOf([bad, ...rowsOf(1, 2)]));
      expect([written, rejects]).toMatchObject([1, [{ row: 0, code: 'value_inexact', column: 'label' }]]);
      await sink.close();
    }
    expect(await contents()).toEqual(['id,label\n1,row 1\n']);
  });
});

describe('a store that fails', () => {
  it.each(['before', 'after'] as const)(
    '%s the file is there gets the same file by the next attempt',
    async (when) => {
      const sink = await opened({}, { store: failing(when) });
      await expect(write(sink, batchOf(rowsOf(0, 2)))).rejects.toThrow('the store is gone');
      await sink.close();
      const next = await opened();
      // The declaration may be another by now: what the load was is settled.
      expect((await next.recorded?.(['load.0']))?.get('load.0')).toMatchObject({ written: 2, rejected: 0 });
      expect(await contents()).toEqual(['id,label\n0,row 0\n1,row 1\n']);
      await next.close();
    },
  );

  it('leaves no file of another run to be sent', async () => {
    const sink = await opened({}, { store: failing('before') });
    await expect(write(sink, batchOf(rowsOf(0, 2)))).rejects.toThrow('the store is gone');
    await sink.close();
    const next = await opened({}, { context: { run: 'run-2' } });
    expect(await next.recorded?.(['load.0'])).toEqual(new Map());
    await write(next, batchOf(rowsOf(5, 6)));
    expect(await contents()).toEqual(['id,label\n5,row 5\n']);
    await next.close();
  });
});

describe('a file that is no load of this run', () => {
  it('under the name of a load stops it, and stays', async () => {
    const sink = await opened({}, { store: failing('before') });
    await expect(write(sink, batchOf(rowsOf(0, 2)))).rejects.toThrow('the store is gone');
    const kept = await readdir(join(ground.scratch, 'load'));
    const record = kept.find((name) => name.endsWith('.json')) ?? '';
    const { name } = JSON.parse(await readFile(join(ground.scratch, 'load', record), 'utf8'));
    await mkdir(dirname(join(ground.folder, name)), { recursive: true });
    await writeFile(join(ground.folder, name), 'somebody else');
    const next = await opened();
    await expect(write(next, batchOf(rowsOf(0, 2)))).rejects.toMatchObject({ code: 'file_changed' });
    await next.close();
    expect(await contents()).toEqual(['somebody else']);
  });

  it('lies beside, and stays', async () => {
    await mkdir(join(ground.folder, 't', 'changes'), { recursive: true });
    await writeFile(join(ground.folder, 't', 'changes', 'notes.txt'), 'mine');
    const sink = await opened();
    await write(sink, batchOf(rowsOf(0, 1)));
    await sink.finish({ rejected: 0 });
    await sink.close();
    expect(await contents()).toEqual(['id,label\n0,row 0\n', 'mine']);
  });
});

describe('a declaration that was changed in the middle of a load', () => {
  it('is refused where the load is made, was refused in part, and has other rows now', async () => {
    const sink = await opened({}, { store: failing('before') });
    await expect(write(sink, batchOf([bad, ...rowsOf(1, 3)]))).rejects.toThrow('the store is gone');
    await sink.close();
    const next = await opened();
    expect((await next.recorded?.(['load.0']))?.get('load.0')).toMatchObject({ written: 2, rejected: 1 });
    await expect(write(next, batchOf([bad, ...rowsOf(1, 4)]))).rejects.toMatchObject({
      code: 'not_resumable',
    });
    await next.close();
  });
});

describe('a plan', () => {
  it('of rows that are no changes, or of changes that a service hands over, is refused', async () => {
    const { plan } = await ground.sink({ mode: 'append' }, { columns, open: false, key: ['id'] });
    expect(plan.findings).toMatchObject([{ level: 'refuse', code: 'unsupported', path: 'to.mode' }]);
    const incoming = { columns, open: false, key: ['id'], changes: true as const };
    const handed = await ground.sink({ mode: 'append' }, incoming, { context: { handed: true } });
    expect(handed.plan.findings).toMatchObject([{ level: 'refuse', code: 'unsupported', path: 'to.mode' }]);
  });

  it('says where changes go, and whether there are some', async () => {
    const incoming = { columns, open: false, key: ['id'], changes: true as const };
    const before = await ground.sink({ mode: 'append', format: 'csv' }, incoming);
    expect(before.plan).toMatchObject({
      name: './out/t/changes/',
      exists: false,
      appends: true,
      maxWriters: 1,
    });
    const sink = await opened();
    await write(sink, batchOf(rowsOf(0, 1)));
    await sink.close();
    const after = await ground.sink({ mode: 'append', format: 'csv' }, incoming);
    expect(after.plan).toMatchObject({ exists: true });
    expect(after.plan.creates).toBeUndefined();
  });
});
