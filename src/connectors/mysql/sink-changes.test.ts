import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auroraOfFile } from '../../../test/fixtures/aurora.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import {
  type ChangedRow,
  changesBatch,
  column,
  loadWays,
  planSink,
  type SinkRequest,
} from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
const aurora = auroraOfFile();
beforeAll(async () => {
  database = await testDatabase('changes');
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

describe('a mirror of changes', () => {
  it('gives the table’s present state, and counts every change', async () => {
    const sink = await open();
    expect(await sink.writeChanges([put('1', 'a', '1'), put('2', 'b', '2'), put('3', 'c', '3')])).toEqual({
      written: 3,
      unchanged: 0,
      rejects: [],
      units: 0,
    });
    const second = [
      put('1', 'A', '4'),
      remove('2', '5'),
      remove('9', '6'),
      put('3', 'c', '7'),
      put('4', 'd', '8'),
    ];
    expect(await sink.writeChanges(second)).toMatchObject({ written: 3, unchanged: 2, rejects: [] });
    expect(await stored()).toEqual(['1|A', '3|c', '4|d']);
    expect(await sink.finish()).toEqual({ deleted: 0, findings: [] });
    await sink.close();
  });

  it('takes of several changes of a key in one batch the last, in whatever order they come', async () => {
    const sink = await open();
    const changes = [
      put('1', 'b', '20'),
      put('1', 'c', '100'),
      put('1', 'a', '3'),
      remove('2', '9'),
      put('2', 'x', '8'),
    ];
    expect(await sink.writeChanges(changes)).toMatchObject({ written: 1, unchanged: 4 });
    expect(await stored()).toEqual(['1|c']);
    await sink.close();
  });

  it('leaves alone what is older than it has taken, also where the row is gone', async () => {
    const sink = await open();
    await sink.writeChanges([put('1', 'new', '10'), remove('2', '10')]);
    const late = [put('1', 'old', '9'), put('2', 'old', '9'), put('1', 'oldest', '8')];
    expect(await sink.writeChanges(late)).toMatchObject({ written: 0, unchanged: 3 });
    expect(await sink.writeChanges([remove('1', '7')])).toMatchObject({ written: 0, unchanged: 1 });
    expect(await stored()).toEqual(['1|new']);
    expect(await sink.writeChanges([put('2', 'back', '11')])).toMatchObject({ written: 1 });
    expect(await stored()).toEqual(['1|new', '2|back']);
    await sink.close();
  });

  it('tells sequence numbers apart that are one as doubles, of different lengths, and with zeros before them', async () => {
    const sink = await open();
    const digits = '1234567890123456789012345678901234567';
    await sink.writeChanges([put('1', 'new', `${digits}002`), put('2', 'new', `${digits}002`)]);
    await sink.writeChanges([put('1', 'old', `${digits}001`), put('2', 'newest', `00${digits}003`)]);
    await sink.writeChanges([
      put('3', 'old', `${digits}001`),
      put('3', 'new', `${digits}002`),
      put('3', 'older', '99'),
    ]);
    expect(await stored()).toEqual(['1|new', '2|newest', '3|new']);
    await sink.close();
  });

  it('does the same change again without harm, by another run too', async () => {
    const changes = [put('1', 'a', '1'), remove('1', '2'), put('2', 'b', '3')];
    const sink = await open();
    await sink.writeChanges(changes);
    expect(await sink.writeChanges(changes)).toMatchObject({ written: 0, unchanged: 3 });
    await sink.finish();
    await sink.close();
    const other = await open({}, { context: { run: 'another' } });
    expect(await other.writeChanges(changes)).toMatchObject({ written: 0, unchanged: 3 });
    expect(await other.writeChanges([put('1', 'late', '1')])).toMatchObject({ written: 0, unchanged: 1 });
    expect(await stored()).toEqual(['2|b']);
    await other.close();
  });

  it('puts back what other hands have changed, when the last change comes again', async () => {
    const sink = await open();
    await sink.writeChanges([put('1', 'a', '1'), put('2', 'b', '2')]);
    await database.execute("DELETE FROM t WHERE id = 1; UPDATE t SET name = 'x' WHERE id = 2");
    expect(await sink.writeChanges([put('1', 'a', '1'), put('2', 'b', '2')])).toMatchObject({ written: 2 });
    expect(await stored()).toEqual(['1|a', '2|b']);
    await sink.close();
  });

  it('takes any change for newer than a row that a copy wrote', async () => {
    await database.execute("INSERT INTO t VALUES (1, 'copied'), (2, 'copied')");
    const sink = await open();
    await sink.writeChanges([put('1', 'changed', '1'), remove('2', '1')]);
    expect(await stored()).toEqual(['1|changed']);
    await sink.close();
  });

  it('does not compare the numbers of different streams', async () => {
    const first = await open({}, { numbering: 'stream/1' });
    await first.writeChanges([put('1', 'first', '500'), remove('2', '500')]);
    await first.close();
    const second = await open({}, { numbering: 'stream/2' });
    await second.writeChanges([put('1', 'second', '7'), put('2', 'second', '7')]);
    expect(await second.writeChanges([put('1', 'late', '6')])).toMatchObject({ unchanged: 1 });
    expect(await stored()).toEqual(['1|second', '2|second']);
    await second.close();
  });

  it('applies removes of items that expired, or leaves them out', async () => {
    const applied = await open();
    await applied.writeChanges([put('1', 'a', '1'), put('2', 'b', '2')]);
    expect(await applied.writeChanges([remove('1', '3', { expired: true })])).toMatchObject({ written: 1 });
    await applied.close();
    const ignored = await open({ ttlDeletes: 'ignore' });
    expect(
      await ignored.writeChanges([remove('2', '4', { expired: true }), remove('2', '3', { expired: true })]),
    ).toMatchObject({ written: 0, unchanged: 2 });
    expect(await ignored.writeChanges([put('2', 'B', '3')])).toMatchObject({ written: 1 });
    expect(await stored()).toEqual(['2|B']);
    await ignored.close();
  });

  it.each(['value', 'server'])(
    'keeps the last good change of a key whose newest was rejected by its %s',
    async (by) => {
      const bad = by === 'value' ? 'x'.repeat(21) : 'refused';
      const code = by === 'value' ? 'value_too_long' : 'check_violated';
      const sink = await open();
      await sink.writeChanges([put('3', 'c', '1'), put('4', 'd', '1')]);
      const written = await sink.writeChanges([
        put('1', 'a', '1'),
        put('1', 'b', '2'),
        put('1', bad, '3'),
        put('1', bad, '4'),
        put('2', 'x', '1'),
        remove('2', '2'),
        put('2', bad, '3'),
        remove('3', '2'),
        put('3', bad, '3'),
        put('4', bad, '2'),
      ]);
      expect(written).toMatchObject({
        written: 2,
        unchanged: 3,
        rejects: [2, 3, 6, 8, 9].map((row) => ({ row, code })),
      });
      expect(await stored()).toEqual(['1|b', '4|d']);
      const replayed = await open({}, { context: { replay: true, run: 'replay' } });
      expect(await replayed.writeChanges([put('1', 'mended', '3')])).toMatchObject({ written: 1 });
      expect(await replayed.writeChanges([put('3', 'mended', '3')])).toMatchObject({ written: 1 });
      await sink.writeChanges([put('4', 'newer', '5')]);
      expect(await replayed.writeChanges([put('4', 'mended', '2')])).toMatchObject({ unchanged: 1 });
      expect(await stored()).toEqual(['1|mended', '3|mended', '4|newer']);
      await replayed.close();
      await sink.close();
    },
  );

  it('takes away what an item has no longer, also where nothing in its batch has it', async () => {
    await database.execute(`
      ALTER TABLE t ADD note VARCHAR(20), ADD state VARCHAR(20) NOT NULL DEFAULT 'new', ADD must VARCHAR(20) NOT NULL DEFAULT 'x',
        ADD made TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP`);
    const attributes = (...names: string[]) => names.map((name) => column(name, 'attribute'));
    const sink = await open({}, { columns: attributes('id'), open: true });
    const writer = await sink.writer();
    const cells = [{ N: '1' }, { S: 'a' }, { S: 'note' }, { S: 'old' }, { S: 'must' }];
    const all = attributes('id', 'name', 'note', 'state', 'must');
    await writer.write(changesBatch(all, [[cells, { sequence: '1' }]]), '1');
    await database.execute("UPDATE t SET made = '2020-01-01'");
    const few = changesBatch(attributes('id', 'must'), [[[{ N: '1' }, { S: 'y' }], { sequence: '2' }]]);
    expect(await writer.write(few, '2')).toMatchObject({ written: 1, rejects: [] });
    expect(await writer.write(few, '3')).toMatchObject({ unchanged: 1 });
    expect(await database.query('SELECT * FROM t')).toEqual([
      ['1', null, null, 'new', 'y', '2020-01-01 00:00:00'],
    ]);
    await database.execute('ALTER TABLE t ALTER state DROP DEFAULT');
    await sink.close();
    const strict = await open({}, { columns: attributes('id'), open: true });
    expect(await (await strict.writer()).write(few, '4')).toMatchObject({
      rejects: [{ code: 'value_null', column: 'state' }],
    });
    await strict.close();
  });

  it('rejects a change without its key, and a remove whose key does not fit', async () => {
    const sink = await open();
    const changes: ChangedRow[] = [
      [[undefined, 'a'], { sequence: '1' }],
      [['x', undefined], { event: 'remove', sequence: '2' }],
      put('1', 'a', '3'),
    ];
    expect(sink.sink.trial(changesBatch(columns, changes))).toMatchObject([
      { row: 0, code: 'key_empty' },
      { row: 1, code: 'value_type' },
    ]);
    expect(await sink.writeChanges(changes)).toMatchObject({
      written: 1,
      rejects: [
        { row: 0, code: 'key_empty', column: 'id' },
        { row: 1, code: 'value_type', column: 'id' },
      ],
    });
    await sink.close();
  });

  it('does not write a batch again whose token the ledger knows', async () => {
    const sink = await open({}, { context: { run: 'one' } });
    await sink.writeChanges([put('1', 'a', '1'), put('2', 'x'.repeat(21), '2')], 'load.1');
    await sink.close();
    await database.execute('DELETE FROM t');
    const resumed = await open({}, { context: { run: 'one' }, resume: true });
    const again = await resumed.writeChanges([put('1', 'a', '1'), put('2', 'x'.repeat(21), '2')], 'load.1');
    expect(again).toMatchObject({ written: 1, rejects: [{ row: 1, code: 'value_too_long' }] });
    expect(await stored()).toEqual([]);
    await resumed.close();
  });

  it.each(loadWays)('goes by %s', async (way) => {
    const connection = way === 'LOAD DATA FROM S3' ? aurora().connection : {};
    const sink = await open({}, { connection });
    if (way === 'INSERT') {
      Object.assign(await sink.connections.server(sink.context.context), { localInfile: false });
    }
    await sink.writeChanges([put('1', 'a', '1'), put('2', 'b', '2'), put('3', 'refused', '3')]);
    await sink.writeChanges([put('1', 'A', '5'), remove('2', '4'), put('3', 'c', '6')]);
    expect(await stored()).toEqual(['1|A', '3|c']);
    await sink.close();
  });
});

describe('keys of a mirror of changes', () => {
  it('that differ only by what the collation ignores are different items', async () => {
    await database.execute(`
      DROP TABLE t; CREATE TABLE t (id VARCHAR(700) COLLATE utf8mb4_general_ci PRIMARY KEY, name VARCHAR(20))`);
    const text = [column('id', 'text'), column('name', 'text')];
    const sink = await open({}, { columns: text });
    await sink.writeChanges([put('a', 'small', '5')]);
    expect(await sink.writeChanges([put('A', 'big', '3'), put('á', 'accent', '9')])).toMatchObject({
      written: 0,
      rejects: [{ code: 'key_folds' }, { code: 'key_folds' }],
    });
    expect(await sink.writeChanges([remove('A', '6'), remove('á', '7')])).toMatchObject({ unchanged: 2 });
    expect(await stored()).toEqual(['a|small']);
    expect(await sink.writeChanges([put('A', 'late', '5'), put('a', 'still', '6')])).toMatchObject({
      written: 1,
      unchanged: 1,
    });
    expect(await sink.writeChanges([remove('a', '7'), put('A', 'now', '7')])).toMatchObject({ written: 2 });
    expect(await stored()).toEqual(['A|now']);
    await sink.close();
  });

  it('may be long, of several columns, and of every type', async () => {
    await database.execute(`
      DROP TABLE t;
      CREATE TABLE t (a VARCHAR(300) COLLATE utf8mb4_bin, b VARBINARY(300), c DECIMAL(20,4), d DATETIME(3), e FLOAT, name VARCHAR(20),
        PRIMARY KEY (a, b, c, d, e))`);
    const wide = ['a', 'b', 'c', 'd', 'e', 'name'].map((name) => column(name, 'attribute'));
    const sink = await open({}, { columns: wide, key: ['e', 'a', 'b', 'c', 'd'] });
    expect(sink.plan.findings.filter(({ level }) => level === 'refuse')).toEqual([]);
    const key = (a: string, b: string, c: string, e: string) => [
      { S: a },
      { B: Buffer.from(b).toString('base64') },
      { N: c },
      { S: '2026-01-01T00:00:00.000' },
      { N: e },
    ];
    const long = 'ü'.repeat(300);
    const keys = [
      key('1:1', '', '1.5', '16777216'),
      key('1', ':1', '1.5', '16777216'),
      key(long, 'x'.repeat(300), '1.5', '16777216'),
      key(long, 'x'.repeat(300), '1.5', '16777215'),
    ];
    const puts = (name: string, sequence: string) =>
      keys.map((cells): ChangedRow => [[...cells, { S: name }], { sequence }]);
    expect(await sink.writeChanges(puts('first', '5'))).toMatchObject({ written: 4 });
    const last = keys.at(-1) ?? [];
    const same = key(long, 'x'.repeat(300), '1.50', '16777215');
    expect(
      await sink.writeChanges([
        [[...last, { S: 'newer' }], { sequence: '6' }],
        [[...same, { S: 'newest' }], { sequence: '7' }],
        [[...(keys[0] ?? []), undefined], { event: 'remove', sequence: '6' }],
        ...puts('late', '4'),
      ]),
    ).toMatchObject({ written: 2, unchanged: 5 });
    expect(await database.query('SELECT name FROM t ORDER BY a, e')).toEqual([
      ['first'],
      ['newest'],
      ['first'],
    ]);
    await sink.close();
  });
});

describe('what else holds a mirrored table', () => {
  it('lets rows hand over values of a second UNIQUE index, and rejects clashes', async () => {
    await database.execute('ALTER TABLE t ADD UNIQUE (name)');
    const sink = await open();
    await sink.writeChanges([put('1', 'a', '1'), put('2', 'b', '2'), put('3', 'c', '3')]);
    expect(await sink.writeChanges([put('1', 'b', '4'), put('2', 'c', '5'), remove('3', '6')])).toMatchObject(
      {
        written: 3,
        rejects: [],
      },
    );
    expect(await sink.writeChanges([put('7', 'z', '7'), put('7', 'b', '8')])).toMatchObject({
      written: 1,
      rejects: [{ row: 1, code: 'unique_clash' }],
    });
    expect(await stored()).toEqual(['1|b', '2|c', '7|z']);
    await sink.close();
  });

  it('keeps a row that others refer to, as a reject, until they are gone', async () => {
    await database.execute(
      'CREATE TABLE child (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES t (id)); ALTER TABLE t ADD parent INT, ADD FOREIGN KEY (parent) REFERENCES t (id)',
    );
    const withParent = [...columns, column('parent', 'int')];
    const sink = await open({}, { columns: withParent });
    const own = (id: string, parent: string | null, sequence: string): ChangedRow => [
      [id, 'n', parent],
      { sequence },
    ];
    await sink.writeChanges([
      own('1', null, '1'),
      own('2', '1', '2'),
      own('3', '2', '3'),
      own('4', null, '4'),
    ]);
    await database.execute('INSERT INTO child VALUES (1, 4)');
    expect(await sink.writeChanges([remove('4', '5'), put('5', 'x', '5')])).toMatchObject({
      written: 1,
      rejects: [{ row: 0, code: 'foreign_key' }],
    });
    expect(await sink.writeChanges([remove('1', '6'), remove('2', '7'), own('3', '5', '8')])).toMatchObject({
      written: 3,
      rejects: [],
    });
    await database.execute('DELETE FROM child');
    expect(await sink.writeChanges([remove('4', '5')])).toMatchObject({ written: 1 });
    expect(await stored()).toEqual(['3|n', '5|x']);
    await sink.close();
  });

  it('fires triggers where they may, leaves generated columns to the server, and defaults too', async () => {
    await database.execute(`
      ALTER TABLE t ADD size INT AS (LENGTH(name)) STORED, ADD at TIMESTAMP(6) NOT NULL DEFAULT '2020-01-01' ON UPDATE CURRENT_TIMESTAMP(6);
      CREATE TRIGGER shout BEFORE INSERT ON t FOR EACH ROW SET NEW.name = UPPER(NEW.name)`);
    const attributes = ['id', 'name'].map((name) => column(name, 'attribute'));
    expect((await open({}, { columns: attributes, open: true })).plan.findings).toMatchObject([
      { level: 'refuse', code: 'sink_triggers' },
    ]);
    const sink = await open({ triggers: 'fire' }, { columns: attributes, open: true });
    const change = (name: string, sequence: string): ChangedRow => [[{ N: '1' }, { S: name }], { sequence }];
    await sink.writeChanges([change('new', '1')]);
    expect(await database.query('SELECT name, size, YEAR(at) FROM t')).toEqual([['NEW', '3', '2020']]);
    await sink.writeChanges([change('other', '2')]);
    expect(await database.query('SELECT name, size FROM t')).toEqual([['other', '5']]);
    await sink.close();
  });
});
