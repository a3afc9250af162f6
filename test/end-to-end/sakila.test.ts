import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { project, type Summary } from '../fixtures/cli.js';
import { checksum, tablesOf } from '../fixtures/compare.js';
import { dynamodbConnection, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { hasSakila, makeSakila } from '../fixtures/sakila.js';

const TABLES = 16;

async function run(connections: object, name: string, from: object, to: object): Promise<Summary> {
  const made = await project({ pipeline: 'sakila', connections, steps: [{ copy: name, from, to }] });
  try {
    return await made.run();
  } finally {
    await made.remove();
  }
}

const sum = (summary: Summary, field: 'read' | 'written' | 'rejected') =>
  summary.steps.reduce((total, step) => total + step[field], 0);

describe.skipIf(!hasSakila)('Sakila, MySQL → DynamoDB → MySQL (needs ../shared/data/sakila)', () => {
  let there: TestDatabase;
  let back: TestDatabase;

  beforeAll(async () => {
    [there, back] = await Promise.all([testDatabase('sakila'), testDatabase('sakila')]);
    await Promise.all([makeSakila(there.name, true), makeSakila(back.name, false)]);
  });
  afterAll(async () => {
    await Promise.all([there.drop(), back.drop()]);
  });

  const triggersOf = (database: TestDatabase) =>
    database.query(
      `SELECT trigger_name, event_object_table, action_timing, event_manipulation, action_statement, sql_mode
       FROM information_schema.triggers WHERE trigger_schema = '${database.name}' ORDER BY trigger_name`,
    );

  it('comes back with the same checksum in all 16 tables, and with its triggers', async () => {
    const prefix = tableName('sakila');
    const stage = dynamodbConnection();
    const triggers = await triggersOf(back);
    const out = await run(
      { shop: there.connection, stage },
      'out',
      { connection: 'shop', tables: ['*'] },
      { connection: 'stage', table: `${prefix}-{table}`, create: true, mode: 'put' },
    );
    expect(out.steps.length).toBe(TABLES);
    expect(out.steps.every((step) => step.read === step.written)).toBe(true);
    const home = await run(
      { stage, report: back.connection },
      'back',
      { connection: 'stage', tables: [`${prefix}-*`] },
      {
        connection: 'report',
        table: '{match}',
        mode: 'append',
        triggers: 'suspend',
        foreignKeys: 'after',
      },
    );
    expect(home.steps.length).toBe(TABLES);
    expect([sum(home, 'read'), sum(home, 'written'), sum(home, 'rejected')]).toEqual([
      sum(out, 'written'),
      sum(out, 'written'),
      0,
    ]);
    const tables = await tablesOf(there, there.name);
    expect(tables.length).toBe(TABLES);
    const sums = (database: TestDatabase) =>
      Promise.all(
        tables.map(async (table) => [table, await checksum(database, `${database.name}.${table}`)]),
      );
    expect(await sums(back)).toEqual(await sums(there));
    expect(triggers.length).toBe(6);
    expect(await triggersOf(back)).toEqual(triggers);
  });

  it('has views that give the same on both sides', async () => {
    const query = (database: TestDatabase, sql: string) =>
      database.query(`USE ${database.name}`).then(() => database.query(sql));
    const sql = 'SELECT * FROM customer_list ORDER BY id';
    const mine = await query(there, sql);
    expect(mine.length).toBe(599);
    expect(await query(back, sql)).toEqual(mine);
  });
});
