import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';
import { type HttpProxy, startHttpProxy } from './http-proxy.js';
import { type Scenario, sweep } from './kill-sweep.js';
import { type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';
import { sweepExtent } from './sweep-extent.js';

/** Points for each scenario, 28 in all, so that the whole suite stays within its time. */
const extent = sweepExtent(2);
/** Four batches each, at least. */
const MANY = 5_000;
const FEW = 2_100;

let database: TestDatabase;
let mysql: MysqlProxy;
let dynamodb: HttpProxy;
const stage = tableName('sweep');
/** A source of FEW items that is only read. */
const origin = tableName('origin');

async function prepare(): Promise<void> {
  database = await testDatabase('sweep');
  mysql = await startMysqlProxy(inject('mysql'));
  dynamodb = await startHttpProxy(inject('dynamodb').endpoint);
  await database.execute(`
    CREATE TABLE many (id INT PRIMARY KEY, v VARCHAR(40) NOT NULL, n DECIMAL(12, 3));
    INSERT INTO many SELECT seq, CONCAT('value ', seq), seq / 8 FROM seq_1_to_${MANY};
    CREATE TABLE few LIKE many; INSERT INTO few SELECT * FROM many WHERE id <= ${FEW};
    CREATE TABLE fewer LIKE many; INSERT INTO fewer SELECT * FROM many WHERE id > ${FEW - 150} AND id <= ${FEW};`);
  await fillOrigin();
}

async function dispose(): Promise<void> {
  await Promise.all([mysql.stop(), dynamodb.stop()]);
  await database.drop();
}

function declaration(from: object, to: object, more: object = {}): object {
  const { port, host } = mysql;
  return {
    pipeline: 'sweep',
    connections: {
      shop: { ...database.connection, host, port },
      stage: { ...dynamodbConnection(), endpoint: dynamodb.endpoint },
    },
    steps: [{ copy: 'copy', from, to, parallel: 3, ...more }],
  };
}

/** A MySQL sink beside its source. `fill` is what the sink holds before. */
function mysqlScenario(
  from: string,
  mode: string,
  columns: string,
  fill: string,
  more: object = {},
): Scenario {
  return {
    declaration: declaration(
      { connection: 'shop', table: from },
      { connection: 'shop', table: 'sink', mode },
      more,
    ),
    reset: () => database.execute(`DROP TABLE IF EXISTS sink; CREATE TABLE sink (${columns}); ${fill}`),
    dump: async () => [
      await database.query('SELECT * FROM sink ORDER BY id, v, n'),
      (await database.query('SHOW TABLES'))
        .flat()
        .filter((name) => /^sluice_(new|old|keys)/.test(String(name))),
      await database.query('SELECT COUNT(*) FROM sluice_ledger'),
    ],
  };
}

/**
 * A row of every batch is refused: the rejects that a killed run leaves are an undisturbed run's. One writer, so that the moment
 * behind a COMMIT is followed by nothing but what becomes of its batch.
 */
function refusing(mode: string, columns: string, fill: string): Scenario {
  const checked = `${columns}, CHECK (id % 200 <> 7)`;
  const more = { parallel: 1, pace: { items: 20_000 }, rejects: { limit: FEW } };
  const scenario = mysqlScenario('few', mode, checked, fill, more);
  return { ...scenario, status: 3, refuses: true };
}

/** A DynamoDB sink, of a MySQL table if nothing else is said. Before the run it holds a few older items. */
function dynamodbScenario(to: object, from: object = { connection: 'shop', table: 'few' }): Scenario {
  const before = 100;
  const item = (id: number) => ({
    id: { N: String(id) },
    v: { S: 'older' },
    n: { N: String(id / 8 + (id % 3) - 1) },
  });
  return {
    declaration: declaration(from, { connection: 'stage', table: stage, ...to }),
    reset: async () => {
      await emptyTable(stage);
      await putItems(
        stage,
        Array.from({ length: before }, (_, index) => item(FEW + 1 - index)),
      );
    },
    dump: () => sortedItems(stage),
  };
}

async function emptyTable(name: string): Promise<void> {
  await dynamodbCall('DeleteTable', { TableName: name }).catch(() => undefined);
  await createTable(name, ['id', 'N']);
}

async function sortedItems(name: string): Promise<unknown[]> {
  const items = await allItems(name);
  const ordered = items.map((item) => Object.fromEntries(Object.entries(item).sort()));
  return ordered.sort((one, other) => Number(Object(one['id']).N) - Number(Object(other['id']).N));
}

const keyed = 'id INT PRIMARY KEY, v VARCHAR(40) NOT NULL, n DECIMAL(12, 3)';
const keyless = 'id INT, v VARCHAR(40), n DECIMAL(12, 3)';
const some = `INSERT INTO sink SELECT id, 'older', n FROM many WHERE id % 5 = 0;`;
const gone = `INSERT INTO sink VALUES (-1, 'gone', 0), (${MANY + 1}, 'gone', 0);`;

type Named = readonly [name: string, make: () => Scenario];

const intoMysql: readonly Named[] = [
  ['append to a table without a key', () => mysqlScenario('many', 'append', keyless, '')],
  ['upsert over older rows', () => mysqlScenario('many', 'upsert', keyed, some)],
  ['replace', () => mysqlScenario('many', 'replace', keyed, gone)],
  ['replace of a table without a key', () => mysqlScenario('many', 'replace', keyless, gone)],
  ['mirror', () => mysqlScenario('many', 'mirror', keyed, some + gone)],
  ['append with rejects', () => refusing('append', keyless, '')],
  ['a paced upsert with rejects', () => refusing('upsert', keyed, some)],
];

/** Modes that write row by row have moments for each: fewer rows do, and each part is a batch. */
const fewer = { connection: 'shop', table: 'fewer', consistency: 'part' };
const fromDynamodb = { connection: 'stage', table: origin };

const withDynamodb: readonly Named[] = [
  ['put into DynamoDB', () => dynamodbScenario({ mode: 'put' })],
  ['insert into DynamoDB', () => dynamodbScenario({ mode: 'insert' }, fewer)],
  ['update in DynamoDB', () => dynamodbScenario({ mode: 'update' }, fewer)],
  ['newest into DynamoDB', () => dynamodbScenario({ mode: 'newest', by: 'n' }, fewer)],
  ['mirror into DynamoDB', () => dynamodbScenario({ mode: 'mirror' })],
  ['put from DynamoDB into DynamoDB', () => dynamodbScenario({ mode: 'put' }, fromDynamodb)],
  ['append from DynamoDB', appendFromDynamodb],
];

async function fillOrigin(): Promise<void> {
  await createTable(origin, ['id', 'N']);
  const value = (id: number) => ({ id: { N: String(id) }, v: { S: 'x'.repeat(30) }, n: { N: '0.5' } });
  await putItems(
    origin,
    Array.from({ length: FEW }, (_, index) => value(index)),
  );
}

function appendFromDynamodb(): Scenario {
  const to = { connection: 'shop', table: 'sink', mode: 'append' };
  return { ...mysqlScenario('few', 'append', keyless, ''), declaration: declaration(fromDynamodb, to) };
}

/** Sweeps over one half of the scenarios; two files, so that they run side by side. */
export function sweepTests(half: 'into MySQL' | 'with DynamoDB'): void {
  needsServer('mysql');
  needsServer('dynamodb');
  beforeAll(prepare);
  afterAll(dispose);
  test.each(half === 'into MySQL' ? intoMysql : withDynamodb)(
    'killed at any moment and run again, %s leaves what an undisturbed run leaves',
    async (_name, make) => {
      const scenario = make();
      const only = scenario.refuses && !extent.isWhole ? /^after COMMIT/ : undefined;
      const result = await sweep(scenario, { mysql, dynamodb }, extent, only);
      expect(result.failures).toEqual([]);
      expect(result.killed).toBeGreaterThanOrEqual(result.tried / 2);
    },
    3_600_000,
  );
}
