import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { ANY_SIZE, openSource, readRows } from '../../../test/fixtures/mysql-source.js';
import { SluiceError } from '../../errors.js';
import type { Cost, Source } from '../connector.js';

const ROWS = 5_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('reads');
});
afterAll(() => database.drop());

/** Wide enough that the server cannot send all of it ahead of a reader that waits. */
beforeEach(async () => {
  await database.execute(
    `DROP TABLE IF EXISTS t; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(4000));
     INSERT INTO t SELECT seq, REPEAT("v", 4000) FROM seq_1_to_${ROWS}`,
  );
});

/** Connections of ours that run a SELECT on this database, by the server's own list. */
async function running(): Promise<string[]> {
  const rows = await database.query(
    `SELECT id FROM information_schema.processlist
     WHERE db = '${database.name}' AND id <> CONNECTION_ID() AND info LIKE 'SELECT%'`,
  );
  return rows.map(([id]) => String(id));
}

/** Of this database's connections: other tests use the server at the same time. */
async function openTransactions(): Promise<number> {
  const [row] = await database.query(
    `SELECT COUNT(*) FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id
     WHERE db = '${database.name}'`,
  );
  return Number(row?.[0]);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error('it did not happen');
}

/** Reads all; `at` is called once, after the first batch. */
async function readWith(source: Source, at: () => Promise<void>): Promise<string[]> {
  const ids: string[] = [];
  const [part] = await source.parts(1);
  if (!part) throw new Error('no part');
  let done = false;
  for await (const batch of source.read(part, { maxRows: 100, maxBytes: 1_000_000 })) {
    ids.push(...batch.rows.map((row) => String(row[0])));
    if (!done) await at();
    done = true;
  }
  return ids;
}

const all = Array.from({ length: ROWS }, (_, index) => String(index + 1));

describe('a read', () => {
  it('sees one moment, whatever is written meanwhile', async () => {
    const opened = await openSource(database, { table: 't' });
    const ids = await readWith(opened.source, () =>
      database.execute(
        `DELETE FROM t WHERE id % 2 = 0; UPDATE t SET id = id + 100000 WHERE id > 4000;
         INSERT INTO t VALUES (200000, 'new')`,
      ),
    );
    expect(ids).toEqual(all);
    expect(opened.source.report().consistency).toBe('one snapshot');
    await opened.close();
  });

  it('takes no locks that stop writers', async () => {
    const opened = await openSource(database, { table: 't' });
    const ids = await readWith(opened.source, () =>
      database.execute(`SET innodb_lock_wait_timeout = 1; UPDATE t SET v = 'x'`),
    );
    expect(ids).toHaveLength(ROWS);
    await opened.close();
  });

  it.each(['CONNECTION', 'QUERY'])(
    'goes on without loss or doubling after KILL %s, in a new snapshot',
    async (what) => {
      const opened = await openSource(database, { table: 't' });
      const ids = await readWith(opened.source, async () => {
        const [id] = await running();
        await database.execute(
          `KILL ${what} ${id}; DELETE FROM t WHERE id = ${ROWS}; INSERT INTO t VALUES (${ROWS + 1}, '')`,
        );
      });
      expect(ids).toEqual([...all.slice(0, -1), String(ROWS + 1)]);
      expect(opened.source.report().consistency).toBe('2 snapshots: the connection broke once');
      await opened.close();
    },
  );

  it('without a key says that it cannot go on when the connection breaks', async () => {
    await database.execute('ALTER TABLE t DROP PRIMARY KEY');
    const opened = await openSource(database, { table: 't' });
    const reading = readWith(opened.source, async () => {
      const [id] = await running();
      await database.execute(`KILL ${id}`);
    });
    await expect(reading).rejects.toMatchObject({ code: 'connection_lost', retry: 'never' });
    await opened.close();
  });

  it('that is left ends its query and its transaction in the server, and can be made again', async () => {
    const opened = await openSource(database, { table: 't' });
    const [part] = await opened.source.parts(1);
    if (!part) throw new Error('no part');
    for await (const batch of opened.source.read(part, ANY_SIZE)) {
      expect(batch.rows.length).toBeGreaterThan(0);
      break;
    }
    await until(async () => (await running()).length === 0 && (await openTransactions()) === 0);
    expect(await readRows(opened.source)).toHaveLength(ROWS);
    await opened.close();
  });

  it('that waits for a sort is ended in the server when the run stops', async () => {
    const opened = await openSource(database, {
      query: 'SELECT a.id FROM t a JOIN t b JOIN t c ORDER BY MD5(a.id + b.id + c.id)',
    });
    const reading = readRows(opened.source);
    await Promise.race([until(async () => (await running()).length > 0), reading]);
    opened.context.stop();
    await expect(reading).rejects.toThrow('the test stopped the run');
    await until(async () => (await running()).length === 0);
    await opened.close();
  });

  it('holds a bounded amount of memory for a consumer that is slow', async () => {
    await database.execute(
      `CREATE TABLE wide (id INT PRIMARY KEY, b LONGBLOB); INSERT INTO wide SELECT seq, REPEAT(x'ff', 1000000) FROM seq_1_to_200`,
    );
    const opened = await openSource(database, { table: 'wide' });
    const [part] = await opened.source.parts(1);
    if (!part) throw new Error('no part');
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    let rows = 0;
    for await (const batch of opened.source.read(part, { maxRows: 1000, maxBytes: 4_000_000 })) {
      rows += batch.rows.length;
      expect(batch.rows.length).toBeLessThanOrEqual(4);
      if (rows < 40) await sleep(20);
      if (rows > 40) continue;
      globalThis.gc?.();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(rows).toBe(200);
    expect(most).toBeLessThan(100_000_000);
    await opened.close();
  });

  it('takes a cell of 60 MB', async () => {
    await database.execute(
      `CREATE TABLE huge (id INT PRIMARY KEY, b LONGBLOB); INSERT INTO huge VALUES (1, REPEAT(x'c3', 60000000)), (2, 'b')`,
    );
    const opened = await openSource(database, { table: 'huge' });
    const rows = await readRows(opened.source);
    const [[, cell] = [], [, small] = []] = rows;
    if (!(cell instanceof Uint8Array)) throw new Error('no bytes');
    expect(cell.length).toBe(60_000_000);
    expect(cell.every((byte) => byte === 0xc3)).toBe(true);
    expect(small).toEqual(Buffer.from('b'));
    await opened.close();
  });

  it('asks the pace for each batch, and takes no more at once than a second of it allows', async () => {
    const costs: Cost[] = [];
    const opened = await openSource(
      database,
      { table: 't' },
      {
        readRates: { items: 50 },
        paceRead: async (cost, read) => {
          costs.push(cost);
          return await read();
        },
      },
    );
    expect(await readRows(opened.source)).toHaveLength(ROWS);
    expect(costs.every((cost) => (cost.items ?? 0) <= 50)).toBe(true);
    expect(costs.reduce((sum, cost) => sum + (cost.items ?? 0), 0)).toBe(ROWS);
    await opened.close();
  });

  it('in parts says that each has its own snapshot', async () => {
    const opened = await openSource(database, { table: 't', consistency: 'part' });
    expect(await readRows(opened.source, 3)).toHaveLength(ROWS);
    expect(opened.source.report().consistency).toBe('a snapshot for each part');
    await opened.close();
  });

  it('after a position of an earlier run says so', async () => {
    const opened = await openSource(database, { table: 't' });
    const [part] = await opened.source.parts(1);
    if (!part) throw new Error('no part');
    const ids: unknown[] = [];
    for await (const batch of opened.source.read(part, { ...ANY_SIZE, after: '["4998"]' })) {
      ids.push(...batch.rows.map(([id]) => id));
    }
    expect(ids).toEqual(['4999', '5000']);
    expect(opened.source.report().consistency).toBe(
      '2 snapshots: an interrupted run went on in a new snapshot',
    );
    await opened.close();
  });

  it.each(['["1","2"]', '{}', '["1 OR 1"]'])(
    'refuses the position %s, which is not of its key',
    async (after) => {
      const opened = await openSource(database, { table: 't' });
      const reading = (async () => {
        for await (const _ of opened.source.read({ id: '0', range: '{}' }, { ...ANY_SIZE, after })) break;
      })();
      await expect(reading).rejects.toBeInstanceOf(SluiceError);
      await expect(reading).rejects.toMatchObject({ code: 'state_unusable' });
      await opened.close();
    },
  );
});

describe('a key', () => {
  it('longer than a sort of the server looks by default is gone on after, whichever index is used', async () => {
    await database.execute(
      `CREATE TABLE lengthy (k VARCHAR(760) PRIMARY KEY, s VARCHAR(40), KEY (s)) CHARACTER SET utf8mb4;
       INSERT INTO lengthy SELECT CONCAT(REPEAT('x', 750), seq), MD5(seq) FROM seq_1_to_400;
       ANALYZE TABLE lengthy`,
    );
    const opened = await openSource(database, {
      table: 'lengthy',
      columns: ['k'],
      where: `s > '' AND s < 'zz'`,
    });
    const found = new Set<unknown>();
    let after: string | undefined;
    for (let size = -1; size < found.size; ) {
      size = found.size;
      const request = { maxRows: 90, maxBytes: 1_000_000, ...(after ? { after } : {}) };
      for await (const batch of opened.source.read({ id: '0', range: '{}' }, request)) {
        for (const [k] of batch.rows) found.add(k);
        after = batch.position;
        break;
      }
    }
    expect(found.size).toBe(400);
    await opened.close();
  });
});

describe('a table that is altered while it is copied', () => {
  it('is refused when its rows would be read as what they are not', async () => {
    const opened = await openSource(database, { table: 't' });
    await opened.source.describe();
    await database.execute('ALTER TABLE t MODIFY v VARBINARY(4000)');
    await expect(readRows(opened.source)).rejects.toMatchObject({
      code: 'type_refused',
      path: 'v',
      retry: 'never',
    });
    await database.execute('ALTER TABLE t DROP COLUMN v');
    await expect(readRows(opened.source)).rejects.toMatchObject({ code: 'column_missing', retry: 'never' });
    await opened.close();
  });
});
