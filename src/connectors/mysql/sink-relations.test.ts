import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, planSink, type SinkRequest } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('relations');
});
afterAll(() => database.drop());

const columns = [column('id', 'int'), column('ref', 'int')];

function open(table: string, options: object = {}, more: Partial<SinkRequest> = {}) {
  return planSink(database, { options: { table, ...options }, columns, key: ['id'], ...more });
}

describe('foreign keys', () => {
  beforeEach(() =>
    database.execute(`
      SET foreign_key_checks = 0;
      DROP TABLE IF EXISTS parent, child;
      SET foreign_key_checks = 1;
      CREATE TABLE parent (id INT PRIMARY KEY, ref INT);
      CREATE TABLE child (id INT PRIMARY KEY, ref INT, CONSTRAINT child_parent FOREIGN KEY (ref) REFERENCES parent (id));
      ALTER TABLE parent ADD CONSTRAINT parent_child FOREIGN KEY (ref) REFERENCES child (id);
      INSERT INTO parent (id) VALUES (1)`),
  );

  it('are named in the plan, and rows without parent are rejects', async () => {
    const sink = await open('child');
    expect(sink.plan.findings).toMatchObject([
      { level: 'note', message: expect.stringContaining('child_parent') },
    ]);
    const written = await sink.write([
      ['1', '1'],
      ['2', '99'],
      ['3', null],
      ['4', '98'],
    ]);
    expect(written).toMatchObject({
      written: 2,
      rejects: [
        { row: 1, code: 'foreign_key' },
        { row: 3, code: 'foreign_key' },
      ],
    });
    expect(JSON.stringify(written.rejects)).toContain('child_parent');
    await sink.close();
  });

  it('are verified at the end when they are not checked row by row', async () => {
    const sink = await open('child', { foreignKeys: 'after' });
    expect(
      await sink.write([
        ['1', '1'],
        ['2', '99'],
        ['3', '98'],
      ]),
    ).toMatchObject({ written: 3, rejects: [] });
    await expect(sink.finish()).rejects.toMatchObject({
      code: 'foreign_key',
      message: expect.stringMatching(/2 rows .*child_parent/),
    });
    await sink.close();
  });

  it('of tables in a circle are verified when the last is complete', async () => {
    const children = await open('child', { foreignKeys: 'after' });
    const parents = await open('parent', { foreignKeys: 'after' }, { connections: children.connections });
    await children.write([['1', '2']]);
    await children.finish();
    await parents.write([['2', '1']]);
    await parents.finish();
    await parents.close();
    await children.close();
  });

  it('of tables in a circle name the orphans that are left at the end', async () => {
    const children = await open('child', { foreignKeys: 'after' });
    const parents = await open('parent', { foreignKeys: 'after' }, { connections: children.connections });
    await children.write([['1', '77']]);
    await children.finish();
    await parents.write([['2', null]]);
    await expect(parents.finish()).rejects.toMatchObject({
      code: 'foreign_key',
      message: expect.stringContaining('child_parent'),
    });
    await parents.close();
    await children.close();
  });

  it('do not go unchecked in the sessions that later steps use', async () => {
    const loose = await open('child', { foreignKeys: 'after' });
    await loose.write([['1', '1']]);
    await loose.finish();
    const strict = await open('child', {}, { connections: loose.connections });
    expect((await strict.write([['2', '99']])).rejects).toMatchObject([{ code: 'foreign_key' }]);
    await strict.close();
    await loose.close();
  });
});

describe('triggers', () => {
  const definitions = async () =>
    (
      await database.query(
        `SELECT TRIGGER_NAME, ACTION_ORDER, ACTION_STATEMENT, DEFINER, SQL_MODE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION
         FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER`,
      )
    ).map((row) => row.join('|'));

  beforeEach(() =>
    database.execute(`
      DROP TABLE IF EXISTS sluice_triggers, t, log;
      CREATE TABLE t (id INT PRIMARY KEY, ref INT);
      CREATE TABLE log (id INT);
      SET sql_mode = 'ANSI_QUOTES';
      CREATE DEFINER = 'somebody'@'elsewhere' TRIGGER b BEFORE INSERT ON t FOR EACH ROW SET NEW.ref = 1000 + NEW.ref;
      CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET NEW."ref" = 2 * NEW.ref;
      SET sql_mode = 'STRICT_ALL_TABLES';
      CREATE TRIGGER z AFTER DELETE ON t FOR EACH ROW INSERT INTO log VALUES (OLD.id) /* \u00fc \ud83d\ude00 ? */`),
  );

  it('are refused by default, with their names', async () => {
    const sink = await open('t');
    expect(sink.plan.findings).toMatchObject([
      {
        level: 'refuse',
        code: 'sink_triggers',
        message: expect.stringMatching(/triggers: b, z, a$/),
      },
    ]);
    await sink.close();
  });

  it('fire when they may', async () => {
    await database.execute('DROP TRIGGER b');
    const sink = await open('t', { triggers: 'fire' });
    expect(sink.plan.findings).toMatchObject([{ level: 'note' }]);
    await sink.write([['1', '1']]);
    expect(await database.query('SELECT ref FROM t')).toEqual([['2']]);
    await sink.close();
  });

  it.each(['upsert', 'replace'])(
    'are away during a suspended %s, and then back as they were',
    async (mode) => {
      const before = await definitions();
      expect(before).toHaveLength(3);
      const sink = await open('t', { mode, triggers: 'suspend' });
      await sink.write([['1', '1']]);
      expect(await definitions()).toEqual([]);
      await sink.finish();
      expect(await database.query('SELECT ref FROM t')).toEqual([['1']]);
      expect(await definitions()).toEqual(before);
      expect(await database.query('SELECT COUNT(*) FROM sluice_triggers')).toEqual([['0']]);
      await sink.close();
    },
  );

  it('come back when the copy fails', async () => {
    const before = await definitions();
    const sink = await open('t', { triggers: 'suspend' });
    await sink.write([['1', '1']]);
    sink.context.stop();
    await sink.sink.abandon();
    expect(await definitions()).toEqual(before);
    await sink.close();
  });

  it('come back with the next run after a kill', async () => {
    const before = await definitions();
    const killed = await open('t', { triggers: 'suspend' });
    await killed.write([['1', '1']]);
    await killed.close();
    expect(await definitions()).toEqual([]);
    const refused = await open('t');
    expect(refused.plan.findings).toMatchObject([{ level: 'refuse', code: 'sink_triggers' }]);
    await refused.close();
    const next = await open('t', { triggers: 'suspend' }, { context: { run: 'next' } });
    await next.write([['2', '2']]);
    await next.finish();
    expect(await definitions()).toEqual(before);
    await next.close();
  });

  it('stay away while another step still needs them away', async () => {
    const before = await definitions();
    const one = await open('t', { triggers: 'suspend' }, { context: { step: 'one' } });
    const other = await open('t', { triggers: 'suspend' }, { context: { step: 'other' } });
    await one.write([['1', '1']]);
    await other.write([['2', '2']]);
    await one.finish();
    expect(await definitions()).toEqual([]);
    await other.finish();
    expect(await definitions()).toEqual(before);
    await one.close();
    await other.close();
  });

  it('that refuse a row make it a reject, without what they say', async () => {
    await database.execute(`
      DROP TRIGGER a; DROP TRIGGER b;
      CREATE TRIGGER picky BEFORE INSERT ON t FOR EACH ROW
        IF NEW.ref = 13 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'secret 13'; END IF`);
    const sink = await open('t', { triggers: 'fire' });
    const written = await sink.write([
      ['1', '1'],
      ['2', '13'],
      ['3', '3'],
    ]);
    expect(written).toMatchObject({ written: 2, rejects: [{ row: 1, code: 'write_refused' }] });
    expect(JSON.stringify(written)).not.toContain('secret');
    await sink.close();
  });
});

describe('the plan', () => {
  it('refuses a table without transactions', async () => {
    await database.execute('CREATE TABLE old (id INT PRIMARY KEY, ref INT) ENGINE=MyISAM');
    const sink = await open('old');
    expect(sink.plan.findings).toMatchObject([
      { level: 'refuse', code: 'unsupported', message: expect.stringContaining('MyISAM') },
    ]);
    await sink.close();
  });

  it('refuses a view', async () => {
    await database.execute(
      'CREATE TABLE base (id INT PRIMARY KEY, ref INT); CREATE VIEW seen AS SELECT * FROM base',
    );
    const sink = await open('seen', { mode: 'append' });
    expect(sink.plan.findings).toMatchObject([{ level: 'refuse', code: 'unsupported' }]);
    await sink.close();
  });

  it('names each column that is missing, is needed, cannot be exact, or is computed', async () => {
    await database.execute(
      `CREATE TABLE bad (id INT PRIMARY KEY, "ref" INT AS (id + 1), d DATETIME, need INT NOT NULL, b BLOB)`.replaceAll(
        '"',
        '`',
      ),
    );
    const sink = await planSink(database, {
      options: { table: 'bad' },
      columns: [
        column('id', 'int'),
        column('ref', 'int'),
        column('d', 'timestamp'),
        column('b', 'text'),
        column('nix', 'int'),
      ],
      key: ['id'],
    });
    expect(sink.plan.findings.map(({ level, code, path }) => [level, code, path])).toEqual([
      ['refuse', 'type_refused', 'd'],
      ['refuse', 'type_refused', 'b'],
      ['refuse', 'column_missing', 'nix'],
      ['note', 'note', undefined],
      ['refuse', 'column_missing', 'need'],
    ]);
    await sink.close();
  });

  it('refuses text in a number key', async () => {
    await database.execute('CREATE TABLE num (id INT PRIMARY KEY)');
    const sink = await planSink(database, {
      options: { table: 'num' },
      columns: [column('id', 'text')],
      key: ['id'],
    });
    expect(sink.plan.findings).toMatchObject([{ level: 'refuse', code: 'key_type' }]);
    await sink.close();
  });

  it('says which attributes an open source must have, and writes nothing', async () => {
    await database.execute('CREATE TABLE opened (id INT PRIMARY KEY, need INT NOT NULL, more JSON)');
    const sink = await planSink(database, {
      options: { table: 'opened' },
      columns: [column('id', 'attribute')],
      key: ['id'],
      open: true,
    });
    expect(sink.plan.findings).toMatchObject([{ level: 'note', message: expect.stringContaining('need') }]);
    expect(sink.plan.journeys.map(({ to, toType }) => [to, toType])).toEqual([
      ['id', 'int(11)'],
      ['need', 'int(11)'],
      ['more', 'longtext'],
    ]);
    const left = await database.query("SHOW TABLES LIKE 'sluice%'");
    expect(left.map(([name]) => name)).not.toContain('sluice_stage');
    await sink.close();
  });
});
