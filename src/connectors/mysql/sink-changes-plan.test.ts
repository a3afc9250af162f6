import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { type ChangedRow, column, planSink, type SinkRequest } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('changes_plan');
});
afterAll(() => database.drop());
beforeEach(() =>
  database.execute(`
    DROP TABLE IF EXISTS child, t, sluice_sequences, sluice_ledger;
    CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20) COLLATE utf8mb4_bin CHECK (name <> 'refused'))`),
);

const columns = [column('id', 'int'), column('name', 'text')];
const stored = async () =>
  (await database.query('SELECT id, name FROM t ORDER BY id')).map((row) => row.join('|'));
const put = (id: string, name: string, sequence: string): ChangedRow => [[id, name], { sequence }];
const remove = (id: string, sequence: string, more: object = {}): ChangedRow => [
  [id, undefined],
  { event: 'remove', sequence, ...more },
];

function open(options: object = {}, more: Partial<SinkRequest> = {}) {
  const wanted = { table: 't', mode: 'mirror', ...options };
  return planSink(database, { options: wanted, columns, key: ['id'], changes: true, ...more });
}

describe('an append of changes', () => {
  it('adds a row for each, removes too, and once', async () => {
    await database.execute('DROP TABLE t; CREATE TABLE t (id INT, name VARCHAR(20))');
    const sink = await open({ mode: 'append' }, { context: { run: 'one' } });
    const changes = [put('1', 'a', '1'), put('1', 'b', '2'), remove('1', '3')];
    expect(await sink.writeChanges(changes, 'load.1')).toMatchObject({ written: 3, rejects: [] });
    await sink.close();
    const resumed = await open({ mode: 'append' }, { context: { run: 'one' }, resume: true });
    expect(await resumed.sink.plan({ columns, open: false, key: ['id'], changes: true })).toMatchObject({
      appends: true,
      maxWriters: 1,
    });
    expect(await resumed.writeChanges(changes, 'load.1')).toMatchObject({ written: 3 });
    expect(await stored()).toEqual(['1|a', '1|b', '1|']);
    await resumed.close();
  });

  it('rejects a change whose primary key is there already', async () => {
    const sink = await open({ mode: 'append' });
    expect(sink.plan.findings).toMatchObject([
      { level: 'warn', message: expect.stringContaining('unique_clash') },
    ]);
    expect(await sink.writeChanges([put('1', 'a', '1'), put('1', 'b', '2')])).toMatchObject({
      written: 1,
      rejects: [{ row: 1, code: 'unique_clash' }],
    });
    expect(await stored()).toEqual(['1|a']);
    await sink.close();
  });
});

describe('the plan of a sink of changes', () => {
  const refusals = async (options: object, more: Partial<SinkRequest> = {}) => {
    const sink = await open(options, more);
    await sink.close();
    return sink.plan.findings.filter(({ level }) => level === 'refuse');
  };

  it('refuses the modes that are for copies, and says which are for changes', async () => {
    for (const mode of ['upsert', 'replace', undefined]) {
      expect(await refusals({ mode })).toMatchObject([
        { path: 'to.mode', hint: expect.stringContaining('append') },
      ]);
    }
  });

  it('refuses a mirror whose primary key is not the key of the source', async () => {
    expect(await refusals({}, { key: ['id', 'name'] })).toMatchObject([{ code: 'key_missing' }]);
    expect(await refusals({}, { key: [] })).toMatchObject([{ code: 'key_missing' }]);
    expect(await refusals({ mode: 'append' }, { key: [] })).toEqual([]);
  });

  it('refuses foreign keys that would be verified at an end, and says that ttlDeletes is of no use to rows', async () => {
    expect(await refusals({ foreignKeys: 'after' })).toMatchObject([{ path: 'to.foreignKeys' }]);
    const rows = await planSink(database, {
      options: { table: 't', mode: 'mirror', ttlDeletes: 'apply' },
      columns,
      key: ['id'],
    });
    expect(rows.plan.findings).toMatchObject([{ level: 'note', path: 'to.ttlDeletes' }]);
    await rows.close();
  });

  it('names the table beside it among what the user must be allowed', async () => {
    const { plan, close, sink } = await open();
    expect(plan.permissions).toContainEqual(
      expect.objectContaining({
        action: 'CREATE, SELECT, INSERT, UPDATE',
        resource: expect.stringContaining('sluice_sequences'),
      }),
    );
    expect(plan.permissions.filter(({ resource }) => resource.includes('sluice_keys'))).toEqual([]);
    const comparison = await sink.comparison();
    expect(comparison).toMatchObject({ keyed: true, extras: 'different' });
    await close();
  });
});
