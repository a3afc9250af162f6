/** The source changes while it is read: what is promised of a snapshot, of parts, and of a Scan. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { copyOnce } from '../fixtures/cli.js';
import { createTable, dynamodbCall, dynamodbConnection, putItems, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';
import { ChangingTable, type KeyKind, keyKinds, ROWS, stays } from './changing-table.js';
import { seededRandom } from './fault-plan.js';
import { startHttpProxy } from './http-proxy.js';
import { type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';

needsServer('mysql');
needsServer('dynamodb');

const RUNS = process.env['SLUICE_SWEEP'] === 'all' ? 20 : 1;
const READ = /^SELECT(?![\s\S]* LIMIT )[\s\S]* FROM [\s\S]*`t`[\s\S]*ORDER BY/;
const SNAPSHOT = /^START TRANSACTION WITH CONSISTENT SNAPSHOT/;
/** Other changes each day, the same for everyone on that day. */
const SEED = Math.floor(Date.now() / 86_400_000);
/** Done when a read is about to begin: its snapshot is there, none of its rows is. */
const CHANGES_BEFORE_READ = 20;

let database: TestDatabase;
let proxy: MysqlProxy;
beforeAll(async () => {
  database = await testDatabase('changing');
});
afterAll(() => database.drop());
beforeEach(async () => {
  proxy = await startMysqlProxy(inject('mysql'));
});
afterEach(() => proxy.stop());

interface Copied {
  /** What the table held when the snapshot of each read was made. */
  readonly snapshots: readonly (readonly string[])[];
  readonly changesBetween: number;
  readonly rows: readonly string[];
}

/** Watches the reader: no change happens while a snapshot is made, some happen before its rows are read. */
function watchReads(table: ChangingTable): { readonly snapshots: string[][]; changedAt: number[] } {
  const made = new Map<number, string[]>();
  const seen = { snapshots: [] as string[][], changedAt: [] as number[] };
  const releases = new Map<number, () => void>();
  proxy.watch(async (moment, { statement, connection }) => {
    if (SNAPSHOT.test(statement) && moment === 'before') {
      await new Promise<void>((held) => {
        table.exclusively(() => {
          held();
          return new Promise<void>((release) => releases.set(connection, release));
        });
      });
    } else if (SNAPSHOT.test(statement) && moment === 'after') {
      made.set(connection, table.content());
      releases.get(connection)?.();
    } else if (READ.test(statement) && moment === 'before') {
      seen.snapshots.push(made.get(connection) ?? []);
      seen.changedAt.push(table.changes);
      for (let n = 0; n < CHANGES_BEFORE_READ; n++) await table.exclusively(() => table.change());
    }
  });
  return seen;
}

async function copyWhileChanging(
  kind: KeyKind,
  seed: number,
  consistency: string,
): Promise<Copied & { table: ChangingTable }> {
  await database.execute('DROP TABLE IF EXISTS t, sink');
  const table = new ChangingTable(database, 't', kind, seededRandom(seed));
  await table.create();
  await database.execute(`CREATE TABLE sink (${kind.columns}, balance INT, pad VARCHAR(99))`);
  const seen = watchReads(table);
  let isOver = false;
  const changing = (async () => {
    while (!isOver) await table.exclusively(() => table.change());
  })();
  const through = { ...database.connection, host: proxy.host, port: proxy.port };
  await copyOnce(
    { through, direct: database.connection },
    {
      from: { connection: 'through', table: 't', consistency },
      to: { connection: 'direct', table: 'sink', mode: 'append' },
      parallel: 4,
    },
  ).finally(() => {
    isOver = true;
  });
  await changing;
  proxy.watch(undefined);
  const cells = await database.query(`SELECT ${[...kind.key, 'balance'].join(', ')} FROM sink`);
  const rows = cells.map((row) => row.join('|')).sort();
  const changesBetween = table.changes - (seen.changedAt[0] ?? table.changes);
  return { table, snapshots: seen.snapshots, changesBetween, rows };
}

const sumOf = (rows: readonly string[]) => rows.reduce((sum, row) => sum + Number(row.split('|').at(-1)), 0);
const keysOf = (rows: readonly string[]) => rows.map((row) => row.slice(0, row.lastIndexOf('|')));

async function holds(check: (seed: number) => Promise<void>): Promise<void> {
  const seeds = fc.integer({ min: 1, max: 2 ** 31 });
  await fc.assert(fc.asyncProperty(seeds, check), { numRuns: RUNS, endOnFailure: true });
}

describe.each(keyKinds)('a table that changes while it is read, with the key $name', (kind) => {
  test('is copied as it was in one moment', { timeout: 600_000 }, () =>
    holds(async (seed) => {
      const { snapshots, changesBetween, rows } = await copyWhileChanging(kind, seed, 'snapshot');
      expect(changesBetween).toBeGreaterThanOrEqual(CHANGES_BEFORE_READ);
      expect(snapshots.length).toBe(1);
      expect(sumOf(rows)).toBe(100 * ROWS);
      expect(rows).toEqual(snapshots[0]);
    }),
  );

  test('in parts, loses and doubles no row that stayed', { timeout: 600_000 }, () =>
    holds(async (seed) => {
      const { table, snapshots, changesBetween, rows } = await copyWhileChanging(kind, seed, 'part');
      expect(changesBetween).toBeGreaterThanOrEqual(CHANGES_BEFORE_READ);
      expect(snapshots.length).toBeGreaterThan(1);
      const keys = keysOf(rows);
      const there = new Set(keys);
      expect(keys.length, 'a row came twice').toBe(there.size);
      const lost = Array.from({ length: ROWS }, (_, row) => 2 * row).filter(
        (n) => stays(n) && !there.has(table.keyText(n)),
      );
      expect(lost).toEqual([]);
    }),
  );
});

test('a DynamoDB table that changes while it is scanned loses and doubles no item that stayed', {
  timeout: 600_000,
}, async () => {
  const items = tableName('changing');
  await createTable(items, ['id', 'N']);
  const item = (id: number) => ({ id: { N: String(id) }, v: { S: 'x'.repeat(3000) } });
  await putItems(
    items,
    Array.from({ length: ROWS }, (_, id) => item(2 * id)),
  );
  await database.execute('CREATE OR REPLACE TABLE sink (id INT, v TEXT)');
  const scans = await startHttpProxy(inject('dynamodb').endpoint);
  const random = seededRandom(SEED);
  let changes = 0;
  scans.watch(async (moment, { action }) => {
    if (action !== 'Scan' || moment !== 'before') return;
    const n = Math.floor(random() * ROWS);
    await dynamodbCall('PutItem', { TableName: items, Item: item(2 * n + 1) });
    const gone = 2 * Math.floor(random() * ROWS);
    if (!stays(gone)) await dynamodbCall('DeleteItem', { TableName: items, Key: { id: item(gone).id } });
    changes += 1;
  });
  const step = await copyOnce(
    { stage: { ...dynamodbConnection(), endpoint: scans.endpoint }, direct: database.connection },
    {
      from: { connection: 'stage', table: items },
      to: { connection: 'direct', table: 'sink', mode: 'append' },
      parallel: 3,
    },
  ).finally(() => scans.stop());
  expect(changes).toBeGreaterThan(3);
  const ids = (await database.query('SELECT id FROM sink')).map(([id]) => Number(id));
  expect([step.written, new Set(ids).size]).toEqual([ids.length, ids.length]);
  const there = new Set(ids);
  expect(Array.from({ length: ROWS }, (_, n) => 2 * n).filter((n) => stays(n) && !there.has(n))).toEqual([]);
});
