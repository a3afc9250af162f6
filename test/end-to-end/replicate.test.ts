/** Replicates from the stream of a real engine into a real server, by the program's own commands within this process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type MysqlFault, startMysqlProxy } from '../faults/mysql-proxy.js';
import { sluice } from '../fixtures/cli.js';
import { folderWith } from '../fixtures/declaration-files.js';
import {
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { pipeline } from '../fixtures/in-process.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('replicate');
});
afterAll(() => database.drop());

interface Ground {
  /** Of both sides. */
  readonly source: string;
  readonly sink: string;
  declaration(step?: { from?: object; to?: object; [field: string]: unknown }): object;
  put(...items: readonly Item[]): Promise<void>;
  remove(id: number): Promise<void>;
}

const item = (id: number, text: string): Item => ({ id: { N: `${id}` }, name: { S: text } });

async function ground(mode: 'append' | 'mirror', columns: string): Promise<Ground> {
  const source = tableName('feed');
  const sink = source.replaceAll('-', '_');
  await createTable(source, ['id', 'N'], undefined, 'NEW_AND_OLD_IMAGES');
  await database.execute(`CREATE TABLE ${sink} (${columns})`);
  return {
    source,
    sink,
    declaration: ({ from = {}, to = {}, ...step } = {}) => ({
      pipeline: 'p',
      connections: { site: dynamodbConnection(), aurora: database.connection },
      steps: [
        {
          replicate: 'hits',
          from: { connection: 'site', table: source, ...from },
          to: { connection: 'aurora', table: sink, mode, ...to },
          ...step,
        },
      ],
    }),
    put: (...items) => putItems(source, items),
    remove: async (id) => {
      await dynamodbCall('DeleteItem', { TableName: source, Key: { id: { N: `${id}` } } });
    },
  };
}

const summaryOf = (out: string): Record<string, unknown> =>
  (JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as { steps: Record<string, unknown>[] }).steps[0] ?? {};

/** Looks until the sink holds so many rows. */
async function untilRows(sink: string, rows: number): Promise<void> {
  for (;;) {
    const [[count]] = (await database.query(`SELECT COUNT(*) FROM ${sink}`)) as [[string]];
    if (Number(count) >= rows) return;
    await sleep(100);
  }
}

describe('a replicate by append', () => {
  it('is not compared with its source', async () => {
    const { declaration } = await ground('append', 'id INT, name VARCHAR(20)');
    const { verify } = await pipeline(declaration());
    await expect(verify()).rejects.toThrow(/there is nothing to compare it with/);
  });

  it('says what it costs once it goes through a delivery stream', async () => {
    const { declaration } = await ground('append', 'id INT, name VARCHAR(20)');
    const declared = declaration({ via: { connection: 'delivery' } }) as { readonly connections: object };
    const delivery = { kind: 'firehose', region: 'eu-west-1' };
    const { plan } = await pipeline({ ...declared, connections: { ...declared.connections, delivery } });
    expect((await plan()).out).toContain(
      'about $0.14 a million changes of up to 5 KB, $0.0066 a thousand objects',
    );
  });

  it('adds a row for each insert and modify, and goes on where the run before ended', async () => {
    const { declaration, put, remove, sink } = await ground('append', 'id INT, name VARCHAR(20)');
    const declared = declaration();
    const { run } = await pipeline(declared);
    await put(item(1, 'one'), item(2, 'two'));
    await put(item(1, 'uno'));
    await remove(2);
    const first = await run({ drain: true, json: true });
    expect(first.err).toBe('');
    expect(first.status).toBe(0);
    expect(summaryOf(first.out)).toMatchObject({ read: 3, written: 3, rejected: 0 });
    await put(item(3, 'three'));
    const second = await run({ drain: true, json: true });
    expect(summaryOf(second.out)).toMatchObject({ read: 1, written: 1 });
    const rows = await database.query(`SELECT id, name FROM ${sink} ORDER BY id, name`);
    expect(rows).toEqual([
      ['1', 'one'],
      ['1', 'uno'],
      ['2', 'two'],
      ['3', 'three'],
    ]);
  });
});

describe('a replicate through broken links', () => {
  it('adds each change once, whatever becomes of its loads', async () => {
    const proxy = await startMysqlProxy(inject('mysql'));
    try {
      const { declaration, put, sink } = await ground('append', 'id INT, name VARCHAR(20)');
      const { host, port } = proxy;
      const declared = declaration({ to: { load: { rows: 10 } } }) as { connections: object };
      const aurora = { ...database.connection, host, port };
      const { run } = await pipeline({ ...declared, connections: { ...declared.connections, aurora } });
      await put(...Array.from({ length: 90 }, (_, id) => item(id, `n${id}`)));
      const rule = (on: RegExp, nth: number, fault: MysqlFault) => ({ on, nth, fault });
      proxy.plan.use([
        rule(/^LOAD DATA/, 1, { kind: 'error', code: 1213, state: '40001' }),
        rule(/^LOAD DATA/, 4, { kind: 'drop in load', bytes: 20 }),
        rule(/^COMMIT/, 3, { kind: 'drop', at: 'after' }),
        rule(/^COMMIT/, 5, { kind: 'drop', at: 'before' }),
        rule(/INSERT INTO .*sluice_ledger/, 7, { kind: 'error', code: 1205 }),
      ]);
      const { status, err } = await run({ drain: true });
      expect(err).toBe('');
      expect(status).toBe(0);
      expect(proxy.plan.struck()).toEqual([1, 1, 1, 1, 1]);
      expect(await database.query(`SELECT COUNT(*), COUNT(DISTINCT id) FROM ${sink}`)).toEqual([
        ['90', '90'],
      ]);
    } finally {
      await proxy.stop();
    }
  }, 120_000);
});

describe('a replicate whose stream was switched off and on', () => {
  it('stops loudly, and with a first copy begins anew', async () => {
    const { declaration, put, remove, sink, source } = await ground(
      'mirror',
      'id INT PRIMARY KEY, name VARCHAR(20)',
    );
    const { run } = await pipeline(declaration({ first: 'copy', to: { deletes: { limit: '100%' } } }));
    await put(item(1, 'one'), item(2, 'two'));
    expect((await run({ drain: true })).status).toBe(0);
    const stream = (StreamSpecification: object) =>
      dynamodbCall('UpdateTable', { TableName: source, StreamSpecification });
    await stream({ StreamEnabled: false });
    await remove(1);
    await stream({ StreamEnabled: true, StreamViewType: 'NEW_IMAGE' });
    await put(item(3, 'three'));
    const lost = await run({ drain: true });
    expect(lost.status).toBe(4);
    expect(lost.err).toMatch(/changes_lost/);
    expect(lost.err).toMatch(/run with --fresh/);
    expect((await run({ drain: true, fresh: true })).status).toBe(0);
    expect(await database.query(`SELECT id FROM ${sink} ORDER BY id`)).toEqual([['2'], ['3']]);
  });
});

describe('a replicate without --drain', () => {
  it('goes on until SIGTERM, and the next run goes on from there', async () => {
    const { declaration, put, sink } = await ground('append', 'id INT, name VARCHAR(20)');
    const folder = await folderWith({ 'p.yaml': JSON.stringify(declaration()) });
    await put(item(1, 'one'));
    const first = await sluice(['run', 'p.yaml', '--json'], {
      cwd: folder,
      started: (child) => {
        void (async () => {
          await untilRows(sink, 1);
          await put(item(2, 'two'));
          await untilRows(sink, 2);
          child.kill('SIGTERM');
        })();
      },
    });
    expect(first.status).toBe(143);
    expect(first.events.find(({ event }) => event === 'progress')).toHaveProperty('lag.caughtUp');
    await put(item(3, 'three'));
    const second = await sluice(['run', 'p.yaml', '--json', '--drain'], { cwd: folder });
    expect(second.status).toBe(0);
    expect(second.events[0]).toMatchObject({ event: 'resumed' });
    expect(await database.query(`SELECT id FROM ${sink} ORDER BY id`)).toEqual([['1'], ['2'], ['3']]);
  }, 600_000);

  it('is refused before anything is written where its source or its sink is missing', async () => {
    const { declaration } = await ground('append', 'id INT, name VARCHAR(20)');
    for (const end of ['from', 'to']) {
      const { run } = await pipeline(declaration({ [end]: { table: 'not_there' } }));
      const { status, err } = await run();
      expect([status, err]).toEqual([2, expect.stringMatching(/\[table_missing\].*nothing was written/s)]);
    }
  });

  it('is refused before steps that would never run', async () => {
    const { declaration } = await ground('append', 'id INT, name VARCHAR(20)');
    const declared = declaration() as { steps: object[] };
    const { run } = await pipeline({ ...declared, steps: [...declared.steps, { wait: 'rest', for: 1 }] });
    const { status, err } = await run();
    expect(status).toBe(2);
    expect(err).toMatch(/it would never run: hits follows changes without an end/);
  });
});

describe('a replicate by mirror', () => {
  it('begins with a copy, which takes away what is gone, and agrees with its source', async () => {
    const { declaration, put, remove, sink } = await ground('mirror', 'id INT PRIMARY KEY, name VARCHAR(20)');
    await put(item(1, 'one'), item(2, 'two'), item(3, 'three'));
    await remove(2);
    await database.execute(`INSERT INTO ${sink} VALUES (1, 'older'), (9, 'gone')`);
    const { run, verify } = await pipeline(declaration({ first: 'copy', to: { deletes: { limit: 1 } } }));
    const first = await run({ drain: true, json: true });
    expect(first.err).toBe('');
    expect(first.status).toBe(0);
    expect(first.out).toMatch(/"name":"hits.first"/);
    await put(item(1, 'uno'), item(4, 'four'));
    await remove(3);
    const second = await run({ drain: true, json: true });
    expect(second.out).not.toMatch(/hits.first/);
    expect(await database.query(`SELECT * FROM ${sink} ORDER BY id`)).toEqual([
      ['1', 'uno'],
      ['4', 'four'],
    ]);
    expect((await verify()).status).toBe(0);
    await database.execute(`UPDATE ${sink} SET name = 'other' WHERE id = 4`);
    expect((await verify()).status).toBe(5);
    expect((await run({ drain: true, fresh: true })).status).toBe(0);
    expect((await verify()).status).toBe(0);
  }, 600_000);

  it('takes back no newer change when the rejects of an older one are sent again', async () => {
    const { declaration, put, sink } = await ground('mirror', 'id INT PRIMARY KEY, name VARCHAR(5)');
    const { run, replay, rejects } = await pipeline(declaration({ rejects: { limit: 9 } }));
    await put(item(1, 'much too long'), item(2, 'much too long'));
    expect((await run({ drain: true })).status).toBe(3);
    await put(item(1, 'new'), item(3, 'also too long'));
    expect((await run({ drain: true })).status).toBe(3);
    expect(await rejects()).toHaveLength(3);
    await database.execute(`ALTER TABLE ${sink} MODIFY name VARCHAR(20)`);
    expect((await replay()).out).toMatch(/hits\s+2\s+1\s+0/);
    expect(await database.query(`SELECT * FROM ${sink} ORDER BY id`)).toEqual([
      ['1', 'new'],
      ['2', 'much too long'],
      ['3', 'also too long'],
    ]);
    expect((await replay()).out).toBe('no rejects: nothing to send again');
  });

  it('stops when more is refused than the limit allows, and goes on once that is mended', async () => {
    const { declaration, put, sink } = await ground('mirror', 'id INT PRIMARY KEY, name VARCHAR(20)');
    const strict = { check: { '*': { type: 'object', properties: { name: { maxLength: 3 } } } } };
    const { run, runAs, rejects } = await pipeline(declaration(strict));
    await put(item(1, 'one'), item(2, 'three'), item(3, 'seven'));
    const stopped = await run({ drain: true });
    expect(stopped.status).toBe(4);
    expect(stopped.err).toMatch(/rejects.limit is 0/);
    expect(await database.query(`SELECT * FROM ${sink}`)).toEqual([]);
    expect((await runAs(declaration(), { drain: true })).status).toBe(0);
    expect(await database.query(`SELECT COUNT(*) FROM ${sink}`)).toEqual([['3']]);
    expect(await rejects()).toEqual([]);
  });

  it('holds what the source holds, by the same key', async () => {
    const { declaration, put, remove, sink } = await ground(
      'mirror',
      'id INT PRIMARY KEY, name VARCHAR(20), note VARCHAR(20)',
    );
    const { run } = await pipeline(declaration({ to: { load: { rows: 2 } } }));
    await put(item(1, 'one'), item(2, 'two'), item(3, 'three'));
    await put(item(1, 'uno'));
    await remove(2);
    await put({ ...item(3, 'tres'), note: { S: 'x' } });
    const { status, out, err } = await run({ drain: true, json: true });
    expect(err).toBe('');
    expect(status).toBe(0);
    expect(summaryOf(out)).toMatchObject({ read: 6, rejected: 0 });
    expect(await database.query(`SELECT * FROM ${sink} ORDER BY id`)).toEqual([
      ['1', 'uno', null],
      ['3', 'tres', 'x'],
    ]);
  });
});
