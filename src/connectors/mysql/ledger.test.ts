import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, planSink } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('ledger');
});
afterAll(() => database.drop());

const columnsOf = (table: string) =>
  database.query(
    `SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLUMN_KEY FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${table}' ORDER BY ORDINAL_POSITION`,
  );

it('is the table that docs/reference/ledger.md shows', async () => {
  const page = readFileSync(new URL('../../../docs/reference/ledger.md', import.meta.url), 'utf8');
  const statement = /```sql\n(CREATE TABLE sluice_ledger[\s\S]*?)```/.exec(page)?.[1] ?? '';
  await database.execute(statement.replace('sluice_ledger', 'documented'));
  await database.execute('CREATE TABLE t (id INT PRIMARY KEY)');
  const sink = await planSink(database, {
    options: { table: 't' },
    columns: [column('id', 'int')],
    key: ['id'],
  });
  await sink.write([['1']]);
  expect(await columnsOf('sluice_ledger')).toEqual(await columnsOf('documented'));
  await sink.close();
});

it('holds no value of a row', async () => {
  const sink = await planSink(database, {
    options: { table: 't' },
    columns: [column('id', 'int')],
    key: ['id'],
  });
  await sink.write([['canary-1'], ['2']]);
  const rows = await database.query('SELECT * FROM sluice_ledger');
  expect(rows.flat().map(String).join(' ')).toContain('value_type');
  expect(rows.flat().map(String).join(' ')).not.toContain('canary-1');
  await sink.close();
});

it('of changes, which have no end, forgets batches of its run that are a day old', async () => {
  await database.execute('CREATE TABLE endless (id INT)');
  const sink = await planSink(database, {
    options: { table: 'endless', mode: 'append' },
    columns: [column('id', 'int')],
    changes: true,
  });
  const write = (batch: number) =>
    sink.writeChanges([[[String(batch)], { sequence: String(batch) }]], `load.${batch}`);
  for (let batch = 1; batch < 200; batch++) await write(batch);
  const tokens = async () =>
    (
      await database.query(
        "SELECT token FROM sluice_ledger WHERE token LIKE 'load.%' ORDER BY recorded_at, token",
      )
    ).map(([token]) => String(token));
  expect(await tokens()).toHaveLength(199);
  await database.execute(
    "UPDATE sluice_ledger SET recorded_at = UTC_TIMESTAMP() - INTERVAL 25 HOUR WHERE token <> 'load.199'",
  );
  await write(200);
  expect(await tokens()).toEqual(['load.199', 'load.200']);
  expect(await write(199)).toMatchObject({ written: 1 });
  expect(await database.query('SELECT COUNT(*) FROM endless')).toEqual([['200']]);
  await sink.close();
});

it('has the table of sequences beside it that docs/reference/ledger.md shows', async () => {
  const page = readFileSync(new URL('../../../docs/reference/ledger.md', import.meta.url), 'utf8');
  const statement = /```sql\n(CREATE TABLE sluice_sequences[\s\S]*?)```/.exec(page)?.[1] ?? '';
  await database.execute(statement.replace('sluice_sequences', 'documented_sequences'));
  await database.execute('CREATE TABLE mirrored (id INT PRIMARY KEY)');
  const sink = await planSink(database, {
    options: { table: 'mirrored', mode: 'mirror' },
    columns: [column('id', 'int')],
    key: ['id'],
    changes: true,
  });
  await sink.writeChanges([[['1'], { sequence: '7' }]]);
  expect(await columnsOf('sluice_sequences')).toEqual(await columnsOf('documented_sequences'));
  expect(
    await database.query('SELECT item, sequence, removed, name FROM sluice_sequences ORDER BY item'),
  ).toEqual([
    ['', '0', '0', `contract / copy / ${database.name}.mirrored`],
    ['1:1', '7', '0', null],
  ]);
  const [[place = ''] = []] = await database.query("SELECT HEX(place) FROM sluice_sequences WHERE item = ''");
  const [prune = ''] = /DELETE FROM sluice_sequences[^`]*LIMIT 10000/.exec(page) ?? [];
  await database.execute('UPDATE sluice_sequences SET recorded_at = UTC_TIMESTAMP() - INTERVAL 3 DAY');
  await database.execute(prune.replace('…', String(place)));
  expect(await database.query('SELECT COUNT(*) FROM sluice_sequences')).toEqual([['1']]);
  await sink.close();
});
