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
