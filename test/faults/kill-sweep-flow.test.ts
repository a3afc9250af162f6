import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';
import { type HttpProxy, startHttpProxy } from './http-proxy.js';
import { type Scenario, sweep } from './kill-sweep.js';
import { type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';
import { sweepExtent } from './sweep-extent.js';

needsServer('mysql');
needsServer('dynamodb');

const extent = sweepExtent(2);
const ROWS = 1_500;

let database: TestDatabase;
let mysql: MysqlProxy;
let dynamodb: HttpProxy;

beforeAll(async () => {
  database = await testDatabase('sweepflow');
  mysql = await startMysqlProxy(inject('mysql'));
  dynamodb = await startHttpProxy(inject('dynamodb').endpoint);
  await database.execute(`
    CREATE TABLE source (id INT PRIMARY KEY, v VARCHAR(40) NOT NULL);
    INSERT INTO source SELECT seq, CONCAT('value ', seq) FROM seq_1_to_${ROWS}`);
});
afterAll(async () => {
  await Promise.all([mysql.stop(), dynamodb.stop()]);
  await database.drop();
});

/** What is appended twice would be refused by their keys, and stop the run. */
const sinks = ['first', 'one', 'one_again', 'two', 'failed', 'last'];

function append(name: string, from: string, table: string, more: object = {}): object {
  const to = { connection: 'shop', table, mode: 'append' };
  return { copy: name, from: { connection: 'shop', table: from }, to, parallel: 2, ...more };
}

/** A copy, two branches of which one is longer, a failure that is taken care of, a condition, a copy. */
function flow(): Scenario {
  const { port, host } = mysql;
  // biome-ignore lint/suspicious/noThenProperty: the declaration's word
  const onFailure = { then: 'continue', steps: append('failed', 'source', 'failed') };
  const steps = [
    append('first', 'source', 'first'),
    {
      parallel: [
        [
          append('left', 'first', 'one'),
          append('left-again', 'one', 'one_again', { when: 'steps.left.written > 0' }),
        ],
        append('right', 'first', 'two'),
      ],
    },
    { call: 'bad', run: ['false'], onFailure },
    append('last', 'one_again', 'last', { when: "steps.right.outcome == 'complete'" }),
  ];
  return {
    status: 3,
    declaration: {
      pipeline: 'sweep',
      connections: { shop: { ...database.connection, host, port } },
      steps,
    },
    reset: () =>
      database.execute(
        sinks
          .map(
            (name) =>
              `DROP TABLE IF EXISTS ${name}; CREATE TABLE ${name} (id INT PRIMARY KEY, v VARCHAR(40));`,
          )
          .join('\n'),
      ),
    dump: async () => {
      const contents = sinks.map((name) => database.query(`SELECT * FROM ${name} ORDER BY id, v`));
      return await Promise.all(contents);
    },
  };
}

test('killed at any moment and run again, a flow with two branches leaves what an undisturbed run leaves', async () => {
  const result = await sweep(flow(), { mysql, dynamodb }, extent);
  expect(result.failures).toEqual([]);
  expect(result.killed).toBeGreaterThanOrEqual(result.tried / 2);
}, 3_600_000);
