import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { stateAddress } from '../../src/journal/aws/state-address.js';
import { readHistory } from '../../src/journal/runs.js';
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
import { type TableStates, tableStates } from '../fixtures/states.js';
import { type HttpProxy, startHttpProxy } from './http-proxy.js';
import { type Scenario, sweep } from './kill-sweep.js';
import { type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';
import { sweepExtent } from './sweep-extent.js';

needsServer('mysql');
needsServer('dynamodb');

const extent = sweepExtent(2);
const ROWS = 1_200;
const PIPELINE = 'sweep';
const stage = tableName('stage');
/** Items that the source has no rows for: fewer than a mirror may delete. */
const gone = Array.from({ length: 30 }, (_, n) => ({ id: { N: String(-1 - n) }, v: { S: 'gone' } }));

let database: TestDatabase;
let mysql: MysqlProxy;
let dynamodb: HttpProxy;
let states: TableStates;
let stateTable = '';

beforeAll(async () => {
  database = await testDatabase('sweepstate');
  mysql = await startMysqlProxy(inject('mysql'));
  dynamodb = await startHttpProxy(inject('dynamodb').endpoint);
  states = await tableStates();
  await createTable(stage, ['id', 'N']);
  await database.execute(`
    CREATE TABLE source (id INT PRIMARY KEY, v VARCHAR(40) NOT NULL);
    INSERT INTO source SELECT seq, CONCAT('value ', seq) FROM seq_1_to_${ROWS}`);
});
afterAll(async () => {
  await Promise.all([mysql.stop(), dynamodb.stop(), states.close()]);
  await database.drop();
});

/** Out and in again: items that are gone are deleted at the end, and what is appended twice would be refused by its key. */
function declaration(): object {
  const { port, host } = mysql;
  const copy = (name: string, from: object, to: object) => ({ copy: name, from, to, parallel: 2 });
  return {
    pipeline: PIPELINE,
    connections: {
      shop: { ...database.connection, host, port },
      stage: { ...dynamodbConnection(), endpoint: dynamodb.endpoint },
    },
    steps: [
      copy(
        'out',
        { connection: 'shop', table: 'source' },
        { connection: 'stage', table: stage, mode: 'mirror' },
      ),
      copy(
        'in',
        { connection: 'stage', table: stage },
        { connection: 'shop', table: 'sink', mode: 'append' },
      ),
    ],
  };
}

const placeNow = () => ({ ...states.place, table: stateTable, endpoint: dynamodb.endpoint });

function scenario(): Scenario {
  return {
    declaration: declaration(),
    elsewhere: true,
    get options() {
      return ['--state', stateAddress(placeNow())];
    },
    reset: async () => {
      stateTable = tableName('journal');
      await createTable(stateTable, ['pk', 'S'], ['sk', 'S']);
      await emptyStage();
      await putItems(stage, gone);
      await database.execute(
        'DROP TABLE IF EXISTS sink; CREATE TABLE sink (id INT PRIMARY KEY, v VARCHAR(40))',
      );
    },
    hasEnded: async () => {
      const { runs } = states.open(PIPELINE, { place: { ...states.place, table: stateTable } });
      const [run] = (await runs.names()).slice(-1);
      const end = run === undefined ? undefined : (await readHistory(runs, run))?.end;
      return end === 'complete';
    },
    dump: async () => [
      (await allItems(stage)).map(({ id, v }) => JSON.stringify([id, v])).sort(),
      await database.query('SELECT * FROM sink ORDER BY id'),
    ],
  };
}

async function emptyStage(): Promise<void> {
  const items = await allItems(stage);
  for (let start = 0; start < items.length; start += 25) {
    const requests = items.slice(start, start + 25).map(({ id }) => ({ DeleteRequest: { Key: { id } } }));
    await dynamodbCall('BatchWriteItem', { RequestItems: { [stage]: requests } });
  }
}

test('killed at any moment, and run again with an empty folder, a run whose state is a table leaves what an undisturbed one leaves', async () => {
  const result = await sweep(scenario(), { mysql, dynamodb }, extent);
  expect(result.failures).toEqual([]);
  expect(result.killed).toBeGreaterThanOrEqual(result.tried / 2);
}, 3_600_000);
