import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, planSink, type SinkRequest } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('modes');
});
afterAll(() => database.drop());

beforeEach(async () => {
  for (const table of await tables()) await database.execute(`DROP TABLE \`${table}\``);
  await database.execute(`
    DROP TABLE IF EXISTS t, sluice_new_t, sluice_old_t;
    CREATE TABLE t (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) COLLATE utf8mb4_bin);
    INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four'), (5, 'five')`);
});

const columns = [column('id', 'int'), column('name', 'text')];
const stored = async () =>
  (await database.query('SELECT id, name FROM t ORDER BY id')).map((row) => row.join('|'));
const tables = async () =>
  (await database.query('SHOW TABLES'))
    .map(([name]) => String(name))
    .filter((name) => /sluice_(new|old|keys)/.test(name));

function open(options: object, more: Partial<SinkRequest> = {}) {
  return planSink(database, { options: { table: 't', ...options }, columns, key: ['id'], ...more });
}

describe('replace', () => {
  it('shows the new rows only when all are in, and then nothing of the old', async () => {
    const sink = await open({ mode: 'replace' });
    await sink.write([['7', 'seven']]);
    expect(await stored()).toHaveLength(5);
    expect(await sink.finish()).toEqual({ deleted: 0, findings: [] });
    expect(await stored()).toEqual(['7|seven']);
    expect(await tables()).toEqual([]);
    await sink.close();
  });

  it('does not give out numbers again that the old table has given out', async () => {
    await database.execute('ALTER TABLE t AUTO_INCREMENT = 1000');
    const sink = await open({ mode: 'replace' });
    await sink.write([['7', 'seven']]);
    await sink.finish();
    await database.execute("INSERT INTO t (name) VALUES ('next')");
    expect(await stored()).toEqual(['7|seven', '1000|next']);
    await sink.close();
  });

  it('goes on with its shadow on resume, and starts anew without', async () => {
    const context = { run: 'run-1' };
    const killed = await open({ mode: 'replace' }, { context });
    await killed.write([['7', 'seven']], 'p.0');
    await killed.close();
    const resumed = await open({ mode: 'replace' }, { context, resume: true });
    expect(await resumed.write([['7', 'seven']], 'p.0')).toMatchObject({ written: 1 });
    await resumed.write([['8', 'eight']], 'p.1');
    await resumed.close();
    const fresh = await open({ mode: 'replace' }, { context: { run: 'run-2' } });
    await fresh.write([['9', 'nine']], 'p.0');
    await fresh.finish();
    expect(await stored()).toEqual(['9|nine']);
    expect(await tables()).toEqual([]);
    await fresh.close();
  });

  it('may be finished again after the swap', async () => {
    const context = { run: 'run-3' };
    const killed = await open({ mode: 'replace' }, { context });
    await killed.write([['7', 'seven']], 'p.0');
    await database.execute('RENAME TABLE t TO sluice_old_t, sluice_new_t TO t');
    await killed.close();
    const resumed = await open({ mode: 'replace' }, { context, resume: true });
    await resumed.finish();
    expect(await stored()).toEqual(['7|seven']);
    expect(await tables()).toEqual([]);
    await resumed.close();
  });

  it('keeps the old table when rows of the new one went missing', async () => {
    const sink = await open({ mode: 'replace' });
    await sink.write([
      ['7', 'seven'],
      ['8', 'eight'],
    ]);
    await database.execute('DELETE FROM sluice_new_t WHERE id = 8');
    await expect(sink.finish()).rejects.toMatchObject({ code: 'counts_differ' });
    expect(await stored()).toHaveLength(5);
    await sink.close();
  });

  it('refuses a table that foreign keys hold', async () => {
    await database.execute(
      'CREATE TABLE child (id INT PRIMARY KEY, t INT UNSIGNED, CONSTRAINT holds FOREIGN KEY (t) REFERENCES t (id))',
    );
    const sink = await open({ mode: 'replace' });
    expect(sink.plan.findings).toMatchObject([
      { level: 'refuse', code: 'sink_foreign_keys', message: expect.stringContaining('holds') },
    ]);
    await sink.close();
    await database.execute('DROP TABLE child');
  });

  it('names the shadow of a table whose name is as long as names may be', async () => {
    const long = 'x'.repeat(64);
    await database.execute(`CREATE TABLE ${long} LIKE t`);
    const sink = await planSink(database, {
      options: { table: long, mode: 'replace' },
      columns,
      key: ['id'],
    });
    await sink.write([['7', 'seven']]);
    await sink.finish();
    expect(await database.query(`SELECT id FROM ${long}`)).toEqual([['7']]);
    await sink.close();
    await database.execute(`DROP TABLE ${long}`);
  });
});

describe('mirror', () => {
  const limit = { deletes: { limit: '100%' } };

  it('deletes the rows that did not come', async () => {
    const sink = await open({ mode: 'mirror', ...limit });
    expect(
      await sink.write([
        ['1', 'one'],
        ['3', 'THREE'],
        ['9', 'nine'],
      ]),
    ).toMatchObject({ written: 2, unchanged: 1 });
    expect(await sink.finish()).toEqual({ deleted: 3, findings: [] });
    expect(await stored()).toEqual(['1|one', '3|THREE', '9|nine']);
    expect(await tables()).toEqual([]);
    await sink.close();
  });

  it('stops at the guard, having deleted nothing', async () => {
    const sink = await open({ mode: 'mirror' });
    await sink.write([
      ['1', 'one'],
      ['2', 'two'],
      ['3', 'three'],
      ['4', 'four'],
    ]);
    await expect(sink.finish()).rejects.toMatchObject({
      code: 'deletes_exceeded',
      message: expect.stringContaining('1 of 5'),
    });
    expect(await stored()).toHaveLength(5);
    await sink.sink.abandon();
    await sink.close();
  });

  it('stops at the guard when nothing comes at all', async () => {
    const sink = await open({ mode: 'mirror', deletes: { limit: '99%' } });
    await expect(sink.finish()).rejects.toMatchObject({ code: 'deletes_exceeded' });
    expect(await stored()).toHaveLength(5);
    await sink.close();
  });

  it('takes a number of rows as limit', async () => {
    const sink = await open({ mode: 'mirror', deletes: { limit: 1 } });
    await sink.write([
      ['1', 'one'],
      ['2', 'two'],
      ['3', 'three'],
      ['4', 'four'],
    ]);
    expect(await sink.finish()).toMatchObject({ deleted: 1 });
    await sink.close();
  });

  it('keeps a row whose newer version was rejected', async () => {
    const sink = await open({ mode: 'mirror', ...limit });
    const written = await sink.write([
      ['1', 'one'],
      ['2', 'x'.repeat(21)],
    ]);
    expect(written.rejects).toHaveLength(1);
    expect(await sink.finish(1)).toMatchObject({ deleted: 3 });
    expect(await stored()).toEqual(['1|one', '2|two']);
    await sink.close();
  });

  it('deletes nothing when a rejected row’s key is not known', async () => {
    const sink = await open({ mode: 'mirror', ...limit });
    await sink.write([
      ['1', 'one'],
      ['two', 'x'],
    ]);
    expect(await sink.finish(1)).toMatchObject({ deleted: 0, findings: [{ level: 'warn' }] });
    await sink.close();
    const other = await open({ mode: 'mirror', ...limit });
    await other.write([['1', 'one']]);
    expect(await other.finish(1)).toMatchObject({ deleted: 0, findings: [{ level: 'warn' }] });
    expect(await stored()).toHaveLength(5);
    await other.close();
  });

  it('remembers the keys of an interrupted run when it is resumed', async () => {
    const context = { run: 'mirror-1' };
    const killed = await open({ mode: 'mirror', ...limit }, { context });
    await killed.write(
      [
        ['1', 'one'],
        ['2', 'two'],
      ],
      'p.0',
    );
    await killed.close();
    const resumed = await open({ mode: 'mirror', ...limit }, { context, resume: true });
    await resumed.write([['3', 'three']], 'p.1');
    expect(await resumed.finish()).toMatchObject({ deleted: 2 });
    expect(await stored()).toEqual(['1|one', '2|two', '3|three']);
    await resumed.close();
  });

  it('does not go on when the keys of the interrupted run are gone', async () => {
    const context = { run: 'mirror-lost' };
    const killed = await open({ mode: 'mirror', ...limit }, { context });
    await killed.write([['1', 'one']], 'p.0');
    await killed.close();
    for (const table of await tables()) await database.execute(`DROP TABLE \`${table}\``);
    const resumed = await open({ mode: 'mirror', ...limit }, { context, resume: true });
    await expect(resumed.finish()).rejects.toMatchObject({ code: 'state_unusable' });
    expect(await stored()).toHaveLength(5);
    await resumed.close();
  });

  it('clears away the keys of a run that nobody resumed', async () => {
    const killed = await open({ mode: 'mirror', ...limit }, { context: { run: 'mirror-2' } });
    await killed.write([['1', 'one']]);
    await killed.close();
    expect(await tables()).toHaveLength(1);
    const fresh = await open({ mode: 'mirror', ...limit }, { context: { run: 'mirror-3' } });
    await fresh.write([['2', 'two']]);
    await fresh.finish();
    expect(await stored()).toEqual(['2|two']);
    expect(await tables()).toEqual([]);
    await fresh.close();
  });

  it('deletes many rows in bounded transactions', async () => {
    await database.execute('INSERT INTO t SELECT seq, seq FROM seq_100_to_13000');
    const sink = await open({ mode: 'mirror', ...limit });
    await sink.write([['1', 'one']]);
    expect(await sink.finish()).toMatchObject({ deleted: 12_905 });
    expect(await stored()).toEqual(['1|one']);
    await sink.close();
  });
});

describe('a run that is killed when the sink is finished, but before it has noted so', () => {
  it.each(['replace', 'mirror', 'upsert'])('finishes a %s again without harm', async (mode) => {
    const context = { run: 'killed' };
    const more = mode === 'mirror' ? { deletes: { limit: '100%' } } : {};
    const killed = await open({ mode, ...more }, { context });
    await killed.write(
      [
        ['1', 'I'],
        ['2', 'II'],
      ],
      'p.0',
    );
    const finished = await killed.finish();
    const after = await stored();
    const resumed = await open({ mode, ...more }, { context, resume: true });
    killed.connections.close();
    expect(await resumed.finish()).toEqual(finished);
    expect(await stored()).toEqual(after);
    expect(await tables()).toEqual([]);
    await resumed.close();
    expect(await database.query("SELECT COUNT(*) FROM sluice_ledger WHERE run = 'killed'")).toEqual([['0']]);
  });
});

describe('two runs at once', () => {
  it.each(['replace', 'mirror'])(
    'of which one does a %s: the second is told to wait',
    async (mode) => {
      const one = await open({ mode }, { context: { run: 'one' } });
      await one.write([
        ['1', 'one'],
        ['2', 'two'],
        ['3', 'three'],
        ['4', 'four'],
        ['5', 'V'],
      ]);
      const other = await open({ mode }, { context: { run: 'other', pipeline: 'another' } });
      await expect(other.write([['1', 'x']])).rejects.toMatchObject({ code: 'run_locked' });
      await one.finish();
      await one.close();
      await other.close();
      expect(await stored()).toContain('5|V');
    },
    60_000,
  );
});

describe('a replay', () => {
  it.each(['replace', 'mirror'])(
    'of rows that %s has rejected writes them into the table as it is',
    async (mode) => {
      const sink = await open({ mode }, { context: { replay: true } });
      expect(
        await sink.write([
          ['1', 'changed'],
          ['9', 'nine'],
        ]),
      ).toMatchObject({ written: 2 });
      expect(await sink.finish()).toEqual({ deleted: 0, findings: [] });
      expect(await stored()).toEqual(['1|changed', '2|two', '3|three', '4|four', '5|five', '9|nine']);
      await sink.close();
    },
  );
});

describe('create', () => {
  it('makes the missing table with the types, collations and key of the source', async () => {
    const incoming = [
      column('id', 'int', { native: 'bigint(20) unsigned', nullable: false }),
      column('k', 'text', { native: 'varchar(30)', collation: 'latin1_bin', nullable: false }),
      column('e', 'text', { native: "enum('a','it''s','b\\\\c')", collation: 'utf8mb4_general_ci' }),
      column('d', 'decimal', { native: 'decimal(65,30)' }),
      column('at', 'timestamp', { native: 'timestamp(6)', nullable: false }),
      column('j', 'json', { native: 'longtext' }),
    ];
    const sink = await planSink(database, {
      options: { table: 'made', create: true },
      columns: incoming,
      key: ['k', 'id'],
    });
    expect(sink.plan).toMatchObject({ exists: false, key: ['k', 'id'], findings: [] });
    expect(sink.plan.creates).toContain('PRIMARY KEY (`k`, `id`)');
    await sink.write([['1', 'é', 'b\\c', '0.1', '2026-01-01 00:00:00.5', '{"a":1}']]);
    await sink.finish();
    expect(
      await database.query('SELECT id, HEX(k), e, d, at, JSON_VALUE(j, "$.a") + 0, LENGTH(j) FROM made'),
    ).toEqual([['1', 'E9', 'b\\c', `0.1${'0'.repeat(29)}`, '2026-01-01 00:00:00.500000', '1', '7']]);
    await sink.close();
  });

  it('refuses where the source does not know types', async () => {
    const request = {
      options: { table: 'unmade', create: true },
      columns: [column('id', 'attribute')],
      open: true,
    };
    await expect(planSink(database, request)).rejects.toMatchObject({ code: 'unsupported' });
    await expect(planSink(database, { ...request, options: { table: 'unmade' } })).rejects.toMatchObject({
      code: 'table_missing',
    });
  });
});
