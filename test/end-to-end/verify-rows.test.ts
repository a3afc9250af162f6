import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agreementOf, fillTable, repair, verify, withCopy as withStep } from '../fixtures/agreement.js';
import type { Project } from '../fixtures/cli.js';
import {
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

let database: TestDatabase;
let connections: Record<string, object>;
let table: string;

beforeAll(async () => {
  database = await testDatabase('verify');
  connections = { my: database.connection, dy: dynamodbConnection() };
});
afterAll(() => database.drop());
beforeEach(() => {
  table = tableName('verify');
});

const withCopy = <T>(step: object, use: (made: Project) => Promise<T>) => withStep(connections, step, use);
const fill = (name: string, rows: number) => fillTable(database, name, rows);

/** For many rows into an emulator, on a machine that has other things to do. */
const LONG_MS = 180_000;

const key = (id: number) => ({ id: { N: String(id) } });
const sorted = (values: readonly string[]) => [...values].sort((a, b) => Number(a) - Number(b));

describe('verify', () => {
  it('finds and names one changed cell among 4,000 rows', { timeout: LONG_MS }, async () => {
    await fill('many', 4_000);
    const to = { connection: 'dy', table, create: true };
    await withCopy({ from: { connection: 'my', table: 'many' }, to, parallel: 4 }, async (made) => {
      await made.run();
      await dynamodbCall('UpdateItem', {
        TableName: table,
        Key: key(3_456),
        UpdateExpression: 'SET #t = :t',
        ExpressionAttributeNames: { '#t': 'total' },
        ExpressionAttributeValues: { ':t': { N: '864.26' } },
      });
      const found = await verify(made, 5);
      expect(found).toMatchObject({ outcome: 'different', equal: 3_999, missing: 0, extra: 0, changed: 1 });
      expect(found.keys).toEqual([
        { step: 'copy', kind: 'changed', key: { id: '3456' }, columns: ['total'] },
      ]);
      const report = String(found['report']);
      expect((await stat(report)).mode & 0o777).toBe(0o600);
      expect(await readFile(report, 'utf8')).not.toContain('864.26');
      const shown = await made.command('verify', '--show');
      expect(shown.stdout).toContain('864.26');
      expect((await made.command('verify')).stdout).not.toContain('864.26');
      const sample = (await made.command('verify', '--sample', '50')).events.at(-1);
      expect(sample?.['steps']).toMatchObject([{ sample: 50, sinkRows: 50 }]);
    });
  });

  it('finds one changed cell among 4,000 items on their way into MySQL', { timeout: LONG_MS }, async () => {
    await createTable(table, ['id', 'N']);
    await fill('many', 4_000);
    const fillIt = { from: { connection: 'my', table: 'many' }, to: { connection: 'dy', table } };
    await withCopy(fillIt, (made) => made.run());
    await database.execute('CREATE OR REPLACE TABLE sink LIKE many');
    const step = { from: { connection: 'dy', table }, to: { connection: 'my', table: 'sink' }, parallel: 3 };
    await withCopy(step, async (made) => {
      await made.run();
      await database.execute(
        'UPDATE sink SET note = CONCAT(note, " ") WHERE id = 3456; DELETE FROM sink WHERE id = 7',
      );
      const found = await verify(made, 5);
      expect(found).toMatchObject({ equal: 3_998, missing: 1, changed: 1, extra: 0 });
      expect(found.keys.map(({ kind, key: id }) => [kind, id['id']]).sort()).toEqual([
        ['changed', '3456'],
        ['missing', '7'],
      ]);
      expect((await repair(made, 0, '--yes')).steps).toMatchObject([{ written: 2, left: 0 }]);
    });
  });

  it('compares what a where lets through, and each of several tables by itself', async () => {
    await fill('from_a', 60);
    await fill('from_b', 60);
    await fill('to_a', 30);
    await fill('to_b', 60);
    await database.execute('UPDATE to_b SET total = 0 WHERE id = 9');
    const only = {
      from: { connection: 'my', table: 'from_a', where: 'id <= 30' },
      to: { connection: 'my', table: 'to_a', mode: 'mirror' },
    };
    await withCopy(only, async (made) => {
      expect(await verify(made, 0)).toMatchObject({ equal: 30, extra: 0 });
    });
    const each = {
      from: { connection: 'my', tables: ['from_*'] },
      to: { connection: 'my', table: 'to_{match}', mode: 'mirror' },
    };
    await withCopy(each, async (made) => {
      const found = await verify(made, 5);
      expect(found).toMatchObject({ equal: 30 + 59, missing: 30, changed: 1 });
      expect(found.steps).toMatchObject([
        { name: 'copy.from_a', missing: 30, changed: 0 },
        { name: 'copy.from_b', missing: 0, changed: 1 },
      ]);
      expect((await repair(made, 0, '--yes')).steps).toMatchObject([{ written: 30 }, { written: 1 }]);
      expect(await verify(made, 0)).toMatchObject({ equal: 120 });
    });
  });

  it('takes the last of several rows with one key, where the declaration does', async () => {
    await database.execute(
      `CREATE OR REPLACE TABLE source (id INT, v VARCHAR(9)); CREATE OR REPLACE TABLE sink (id INT PRIMARY KEY, v VARCHAR(9));
       INSERT INTO source VALUES (1, 'first'), (2, 'x'), (1, 'last')`,
    );
    const step = {
      from: { connection: 'my', table: 'source' },
      to: { connection: 'my', table: 'sink', duplicates: 'last' },
    };
    await withCopy(step, async (made) => {
      await made.run();
      expect((await verify(made, 0)).steps).toMatchObject([{ equal: 2, superseded: 1, sourceRows: 3 }]);
      await database.execute("UPDATE sink SET v = 'first' WHERE id = 1");
      expect(await verify(made, 5)).toMatchObject({ equal: 1, changed: 1 });
      await repair(made, 0, '--yes');
      expect(await database.query('SELECT v FROM sink ORDER BY id')).toEqual([['last'], ['x']]);
    });
  });

  it('is refused while the sink is not there', async () => {
    await fill('source', 5);
    const step = {
      from: { connection: 'my', table: 'source' },
      to: { connection: 'dy', table, create: true },
    };
    await withCopy(step, async (made) => {
      const refused = await made.command('verify');
      expect(refused.status).toBe(2);
      expect(refused.stdout).toContain('table_missing');
    });
  });

  it('counts rows that the source lacks, and takes them for a difference only where the mode deletes, or with --strict', async () => {
    await fill('source', 20);
    await fill('sink', 25);
    const step = {
      from: { connection: 'my', table: 'source' },
      to: { connection: 'my', table: 'sink', mode: 'upsert' },
    };
    await withCopy(step, async (made) => {
      expect(await verify(made, 0)).toMatchObject({ equal: 20, extra: 5, missing: 0, changed: 0 });
      expect(await verify(made, 5, '--strict')).toMatchObject({ equal: 20, extra: 5 });
    });
  });

  it('compares tables without a key as bags of rows, and a repair of append adds what is missing', async () => {
    await database.execute(
      `CREATE OR REPLACE TABLE source (a INT, b TEXT); CREATE OR REPLACE TABLE sink (a INT, b TEXT);
       INSERT INTO source VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, NULL), (3, '')`,
    );
    const step = {
      from: { connection: 'my', table: 'source' },
      to: { connection: 'my', table: 'sink', mode: 'append' },
    };
    await withCopy(step, async (made) => {
      await made.run();
      expect(await verify(made, 0)).toMatchObject({ equal: 5 });
      await database.execute('DELETE FROM sink WHERE a = 1 LIMIT 2; INSERT INTO sink VALUES (3, NULL)');
      expect(await verify(made, 5)).toMatchObject({ equal: 3, missing: 2, extra: 1, changed: 0 });
      expect((await repair(made, 0, '--yes')).steps).toMatchObject([{ written: 2, deleted: 0, left: 0 }]);
      expect(await database.query('SELECT COUNT(*) FROM sink WHERE a = 1')).toEqual([['3']]);
    });
  });

  it('takes a default of the server for right, and compares what went into the column for extras by value', async () => {
    await createTable(table, ['id', 'N']);
    const tags: Item = { tags: { M: { b: { N: '1.50' }, a: { L: [{ BOOL: true }] } } } };
    await putItems(table, [
      { ...key(1), n: { N: '7' }, ...tags, more: { S: 'x' } },
      { ...key(2), v: { S: 'there' } },
    ]);
    await database.execute(
      `CREATE OR REPLACE TABLE sink (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 5, v VARCHAR(9) NULL,
         at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, rest JSON NULL)`,
    );
    const to = { connection: 'my', table: 'sink', extra: { into: 'rest' } };
    await withCopy({ from: { connection: 'dy', table }, to }, async (made) => {
      await made.run();
      expect(await verify(made, 0)).toMatchObject({ equal: 2 });
      await database.execute(
        `UPDATE sink SET rest = '{"more": "x", "tags": {"a":[true],"b":1.5}}' WHERE id = 1`,
      );
      expect(await verify(made, 0)).toMatchObject({ equal: 2 });
      await database.execute("UPDATE sink SET n = 6, v = 'gone'; UPDATE sink SET rest = '{}' WHERE id = 1");
      const found = await verify(made, 5);
      expect(found.keys.map((each) => [each.key['id'], each.columns]).sort()).toEqual([
        ['1', ['n', 'v', 'rest']],
        ['2', ['v']],
      ]);
    });
  });

  it('does not call rows different that change on both sides while it looks', async () => {
    await fill('source', 200);
    await fill('sink', 200);
    const step = {
      from: { connection: 'my', table: 'source' },
      to: { connection: 'my', table: 'sink', mode: 'mirror' },
      map: { only: ['id', 'note', 'total'] },
      pace: { items: 200 },
    };
    await withCopy(step, async (made) => {
      const verifying = made.command('verify', '--settle', '6');
      for (let change = 0; change < 25; change++) {
        await database.execute(
          `START TRANSACTION; UPDATE source SET note = 'change ${change}' WHERE id % 7 = 0;
           UPDATE sink SET note = 'change ${change}' WHERE id % 7 = 0; COMMIT; DO SLEEP(0.1)`,
        );
      }
      expect(agreementOf(await verifying, 0)).toMatchObject({ equal: 200, missing: 0, changed: 0, extra: 0 });
    });
  });

  it('counts rows that the last run rejected apart', async () => {
    await database.execute(
      `CREATE OR REPLACE TABLE source (id INT PRIMARY KEY, name VARCHAR(20));
       CREATE OR REPLACE TABLE sink (id INT PRIMARY KEY, name VARCHAR(20), UNIQUE (name));
       INSERT INTO source VALUES (1, 'a'), (2, 'b'), (3, 'b')`,
    );
    const step = {
      from: { connection: 'my', table: 'source' },
      to: { connection: 'my', table: 'sink' },
      rejects: { limit: 5 },
    };
    await withCopy(step, async (made) => {
      await made.run(3);
      expect(await verify(made, 0)).toMatchObject({ equal: 2, missing: 0, rejected: 1 });
    });
  });

  it('follows the modes of DynamoDB: insert, update, newest', async () => {
    await database.execute(
      `CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, v TEXT, at DATE);
       INSERT INTO t VALUES (1, 'came', '2026-06-15'), (2, 'came', '2026-06-15'), (3, 'came', '2026-06-15')`,
    );
    await createTable(table, ['id', 'N']);
    const at = (day: string) => ({ at: { S: day } });
    await putItems(table, [
      { ...key(1), v: { S: 'other' }, ...at('2026-12-31') },
      { ...key(2), v: { S: 'other' }, ...at('2026-01-01') },
      { ...key(3), v: { S: 'came' }, ...at('2026-06-15'), own: { BOOL: true } },
    ]);
    const expected = { insert: [], update: ['1', '2'], newest: ['2'], put: ['1', '2', '3'] };
    for (const [mode, changed] of Object.entries(expected)) {
      const by = mode === 'newest' ? { by: 'at' } : {};
      const step = { from: { connection: 'my', table: 't' }, to: { connection: 'dy', table, mode, ...by } };
      await withCopy(step, async (made) => {
        const found = await verify(made, changed.length === 0 ? 0 : 5);
        expect(sorted(found.keys.map((each) => each.key['id'] ?? ''))).toEqual(changed);
        expect(found).toMatchObject({ missing: 0, extra: 0, equal: 3 - changed.length });
      });
    }
  });
});
