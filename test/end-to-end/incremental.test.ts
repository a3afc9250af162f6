import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pipeline, pipeline } from '../fixtures/in-process.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

let database: TestDatabase;
let other: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('incremental');
  other = await testDatabase('incremental_late');
});
afterAll(async () => {
  await database.drop();
  await other.drop();
});

interface Copy {
  readonly since?: object;
  readonly where?: string;
  readonly mode?: string;
  readonly rejects?: object;
}

function declaration({ since, where, mode = 'append', ...rest }: Copy): object {
  const from = {
    connection: 'my',
    table: 'source',
    ...(since ? { since } : {}),
    ...(where ? { where } : {}),
  };
  const to = { connection: 'my', table: 'sink', mode };
  return {
    pipeline: 'p',
    connections: { my: database.connection },
    steps: [{ copy: 'copy', from, to, ...rest }],
  };
}

/** Empty tables `source` and `sink`; the sink of an append has no key, so that a row that comes twice is seen twice. */
async function tables(at: string, sinkKey = ''): Promise<void> {
  const columns = `id INT NOT NULL, at ${at}, v VARCHAR(20)`;
  await database.execute(
    `DROP TABLE IF EXISTS source, sink;
     CREATE TABLE source (${columns.replace('NOT NULL', 'AUTO_INCREMENT PRIMARY KEY')}, KEY (at));
     CREATE TABLE sink (${columns}${sinkKey})`,
  );
}

const contents = async (table: string) =>
  (await database.query(`SELECT id, at, v FROM ${table} ORDER BY id, at, v`)).map((row) => row.join());

async function ran(made: Pipeline, options = {}): Promise<void> {
  const { status, out, err } = await made.run(options);
  if (status !== 0) throw new Error(`exit ${status}\n${out}\n${err}`);
}

describe('rows around the border of a window', () => {
  /** Seconds that a row's transaction took, within the lag of 10; rows that were there before may be older. */
  const age = fc.oneof(
    fc.constant(9.5),
    fc.integer({ min: 0, max: 95 }).map((tenths) => tenths / 10),
  );
  const oldAge = fc.integer({ min: 95, max: 130 }).map((tenths) => tenths / 10);
  const step = fc.oneof(
    fc.constant({ run: true as const }),
    fc.record({ age, rows: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ waitMs: fc.integer({ min: 1, max: 400 }) }),
  );
  const insert = (seconds: number, rows: number, digits: number) => {
    const at = `NOW(6) - INTERVAL ${Math.round(seconds * 1e6)} MICROSECOND`;
    const cut = digits === 0 ? `DATE_FORMAT(${at}, '%Y-%m-%d %H:%i:%s')` : at;
    return database.execute(`INSERT INTO source (at, v) SELECT ${cut}, 'x' FROM seq_1_to_${rows}`);
  };

  it.each([0, 6])(
    'are neither missed nor doubled, with %i digits of a second',
    async (digits) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(oldAge, { minLength: 5, maxLength: 12 }),
          fc.array(step, { minLength: 5, maxLength: 9 }),
          async (before, steps) => {
            await tables(`TIMESTAMP(${digits}) NOT NULL DEFAULT NOW(${digits})`);
            const made = await pipeline(declaration({ since: { column: 'at', lag: '10s' } }));
            for (const seconds of before) await insert(seconds, 2, digits);
            for (const each of steps) {
              if ('run' in each) await ran(made);
              else if ('age' in each) await insert(each.age, each.rows, digits);
              else await sleep(each.waitMs);
            }
            await sleep(1100);
            const last = await made.runAs(declaration({ since: { column: 'at' } }));
            expect(last.status).toBe(0);
            expect(await contents('sink')).toEqual(await contents('source'));
          },
        ),
        { numRuns: 3, endOnFailure: true },
      );
    },
    60_000,
  );

  it('are read once their transaction has committed, if it does so within the lag', async () => {
    await tables('TIMESTAMP(6) NOT NULL DEFAULT NOW(6)');
    const made = await pipeline(declaration({ since: { column: 'at', lag: '1h' } }));
    await database.execute(`INSERT INTO source (at, v) VALUES (NOW(6) - INTERVAL 2 HOUR, 'old')`);
    await other.execute(`START TRANSACTION; INSERT INTO ${database.name}.source (v) VALUES ('late')`);
    await database.execute(`INSERT INTO source (v) VALUES ('early')`);
    await ran(made).finally(() => other.execute('COMMIT'));
    expect(await contents('sink')).toHaveLength(1);
    expect((await made.runAs(declaration({ since: { column: 'at' } }))).status).toBe(0);
    expect(await contents('sink')).toEqual(await contents('source'));
  });
});

describe('an incremental copy', () => {
  it('by a number reads what is above the last, but for the newest that its lag leaves', async () => {
    await tables('DATETIME');
    const insert = (n: number) => database.execute(`INSERT INTO source (v) SELECT 'x' FROM seq_1_to_${n}`);
    const made = await pipeline(declaration({ since: { column: 'id', lag: 3 } }));
    const counts: number[] = [];
    for (const rows of [0, 2, 5, 0, 4]) {
      if (rows > 0) await insert(rows);
      await ran(made);
      counts.push((await contents('sink')).length);
    }
    expect(counts).toEqual([0, 0, 4, 4, 8]);
    expect((await made.runAs(declaration({ since: { column: 'id' } }))).status).toBe(0);
    expect(await contents('sink')).toEqual(await contents('source'));
  });

  it('takes an update for a new version, and verify compares what lies below the cursor', async () => {
    await tables('TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6)', ', PRIMARY KEY (id)');
    await database.execute(`INSERT INTO source (v) VALUES ('a'), ('b'), ('c')`);
    const made = await pipeline(declaration({ since: { column: 'at' }, mode: 'upsert' }));
    expect((await made.verify()).status).toBe(2);
    await ran(made);
    await database.execute(`UPDATE source SET v = 'new' WHERE id = 2; INSERT INTO source (v) VALUES ('d')`);
    expect((await made.verify()).status).toBe(0);
    await ran(made);
    expect(await contents('sink')).toEqual(await contents('source'));
    await database.execute(`UPDATE sink SET v = 'other' WHERE id = 1`);
    expect((await made.verify()).status).toBe(5);
  });

  it('says its window in the plan and its cursor in the history', async () => {
    await tables('TIMESTAMP(3) NOT NULL DEFAULT NOW(3)');
    await database.execute(`INSERT INTO source (v) VALUES ('a')`);
    const made = await pipeline(declaration({ since: { column: 'at' } }));
    expect((await made.plan()).out).toMatch(
      /since: at all, below \d{4}-\d\d-\d\d [\d:]{8}\.\d{3}000 \(UTC\)/,
    );
    await ran(made);
    const [, cursor = 'none'] = /its cursor after this run: (.+)$/m.exec((await made.runs('2')).out) ?? [];
    expect((await made.plan()).out).toContain(`since: at from ${cursor}, below `);
    expect((await made.plan({ full: true })).out).toContain('since: at all again, below ');
  });

  it('keeps its cursor with --fresh, and begins anew with --full', async () => {
    await tables('TIMESTAMP(6) NOT NULL DEFAULT NOW(6)');
    await database.execute(`INSERT INTO source (v) VALUES ('a'), ('b')`);
    const made = await pipeline(declaration({ since: { column: 'at' } }));
    await ran(made);
    await ran(made, { fresh: true });
    expect(await contents('sink')).toEqual(await contents('source'));
    await ran(made, { full: true });
    expect(await contents('sink')).toHaveLength(4);
    await ran(made);
    expect(await contents('sink')).toHaveLength(4);
  });

  it('that stops goes on with the same window, and not with --full', async () => {
    await tables('TIMESTAMP(6) NOT NULL DEFAULT NOW(6)', ', CHECK (v <> "bad")');
    await database.execute(`INSERT INTO source (v) VALUES ('a'), ('bad')`);
    const copy = { since: { column: 'at' } };
    const made = await pipeline(declaration(copy));
    expect((await made.run()).status).toBe(4);
    const [window] = /since: .*/.exec((await made.plan()).out) ?? [];
    await database.execute(`INSERT INTO source (v) VALUES ('c')`);
    expect(/since: .*/.exec((await made.plan()).out)?.[0]).toBe(window);
    expect(await made.run({ full: true })).toMatchObject({
      status: 2,
      err: expect.stringContaining('--full --fresh'),
    });
    expect((await made.runAs(declaration({ ...copy, rejects: { limit: 1 } }))).status).toBe(3);
    expect((await contents('sink')).map((row) => row.at(-1))).toEqual(['a']);
    await ran(made);
    expect((await contents('sink')).map((row) => row.at(-1))).toEqual(['a', 'c']);
  });

  it('that is given up leaves the cursor where it was', async () => {
    await tables('TIMESTAMP(6) NOT NULL DEFAULT NOW(6)', ', PRIMARY KEY (id), CHECK (v <> "bad")');
    await database.execute(`INSERT INTO source (v) VALUES ('a')`);
    const made = await pipeline(declaration({ since: { column: 'at' }, mode: 'upsert' }));
    await ran(made);
    await database.execute(`INSERT INTO source (v) VALUES ('b'), ('bad')`);
    expect((await made.run()).status).toBe(4);
    await database.execute(`UPDATE source SET v = 'good' WHERE v = 'bad'; DELETE FROM sink`);
    await ran(made, { fresh: true });
    expect((await contents('sink')).map((row) => row.split(',')[2])).toEqual(['b', 'good']);
  });

  it('keeps the rejects of earlier windows open, and does not let them undo newer rows', async () => {
    await tables(
      'TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6)',
      ', PRIMARY KEY (id), CHECK (v <> "bad")',
    );
    await database.execute(`INSERT INTO source (v) VALUES ('a'), ('bad')`);
    const copy = { since: { column: 'at' }, mode: 'upsert', rejects: { limit: 5 } };
    const made = await pipeline(declaration(copy));
    expect((await made.run()).status).toBe(3);
    await database.execute(`UPDATE source SET v = 'good' WHERE id = 2`);
    await ran(made);
    await database.execute('ALTER TABLE sink DROP CONSTRAINT CONSTRAINT_1');
    const replayed = await made.replay();
    expect(replayed.err).toContain('1 rejects of run');
    expect(await contents('sink')).toEqual(await contents('source'));
  });

  it.each([
    ['rows without a value', 'DATETIME', {}, `INSERT INTO source (v) VALUES ('a')`, 'IS NOT NULL'],
    ['a column of text', 'VARCHAR(20)', {}, '', 'nothing says what came after what'],
    ['a column that is not there', 'DATETIME', { column: 'att' }, '', 'has no column att'],
    ['a lag of another kind', 'DATETIME', { column: 'at', lag: 5 }, '', 'its lag is like 5m'],
  ])('is refused for %s', async (_name, at, since, sql, message) => {
    await tables(at);
    if (sql !== '') await database.execute(sql);
    const made = await pipeline(declaration({ since: { column: 'at', ...since } }));
    const { status, err } = await made.run();
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it('leaves rows without a value out where that is declared', async () => {
    await tables('DATETIME');
    await database.execute(`INSERT INTO source (at, v) VALUES (NULL, 'a'), ('2026-01-01', 'b')`);
    const made = await pipeline(declaration({ since: { column: 'at' }, where: 'at IS NOT NULL OR id < 0' }));
    await ran(made);
    expect(await contents('sink')).toEqual(['2,2026-01-01 00:00:00,b']);
  });
});
