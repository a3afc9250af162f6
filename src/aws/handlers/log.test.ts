/** What functions log: whose it is and how bad, and nothing of what rows hold (invariant 8). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedPipeline, deployedPipeline } from '../../../test/fixtures/deployed.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { handlerOf } from './handler.js';

const CANARY = 'canary';
let database: TestDatabase;
let made: DeployedPipeline;

beforeAll(async () => {
  database = await testDatabase('logs');
  await database.execute(
    // The plan looks at the first hundred rows: the bad ones are behind them.
    `CREATE TABLE people (id INT PRIMARY KEY, mail VARCHAR(40), age VARCHAR(20));
     INSERT INTO people SELECT seq, '${CANARY}@here', seq FROM seq_1_to_200;
     INSERT INTO people VALUES (301, 'a', '${CANARY}'), (302, '${CANARY}@there', '2 ${CANARY}');
     CREATE TABLE told (id INT PRIMARY KEY, mail VARCHAR(40), age INT);
     CREATE TABLE strict LIKE told`,
  );
  const connection = 'my';
  const copy = (name: string, limit: number) => ({
    copy: name,
    from: { connection, table: 'people' },
    to: { connection, table: name, mode: 'upsert' },
    map: { as: { age: 'int' } },
    rejects: { limit },
  });
  made = await deployedPipeline({
    pipeline: 'people',
    connections: { my: database.connection },
    steps: [copy('told', 5), copy('strict', 0)],
  });
}, 120_000);
afterAll(async () => {
  await made?.close();
  await database.drop();
});

it('says of a batch that rejects and one that fails which share of what it is, and no value', async () => {
  const { status, error, cause } = await made.execute();
  expect([status, error]).toEqual(['FAILED', 'rejects_exceeded']);
  expect(await database.query('SELECT COUNT(*) FROM told')).toEqual([['200']]);
  const all = made.lines.join('\n');
  expect(all + String(cause)).not.toContain(CANARY);
  const lines = made.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const { timestamp, level, message, pipeline, requestId } of lines) {
    expect([Number.isNaN(Date.parse(String(timestamp))), pipeline]).toEqual([false, 'people']);
    expect(['INFO', 'WARN', 'ERROR']).toContain(level);
    expect([message, requestId]).toEqual([expect.any(String), expect.stringMatching(/^request \d+$/)]);
  }
  const run = lines.find(({ message }) => message === 'begun')?.['run'];
  const said = (level: string) => lines.filter((line) => line['level'] === level);
  expect(said('WARN')).toContainEqual(
    expect.objectContaining({ message: 'finished', run, step: 'told', written: 200, rejected: 2 }),
  );
  expect(said('ERROR')).toContainEqual(
    expect.objectContaining({
      code: 'rejects_exceeded',
      do: 'part',
      run,
      step: 'strict',
      copy: 'strict',
      part: expect.any(String),
    }),
  );
}, 120_000);

it('says nothing of what somebody else has said, but where in the code it was', async () => {
  const lines: string[] = [];
  const time = { until: AbortSignal.abort(), signal: AbortSignal.abort(), close: () => undefined };
  const lost = async (): Promise<object> => {
    throw new TypeError(`${CANARY}\n    at ${CANARY}`);
  };
  const surroundings = { write: (line: string) => void lines.push(line), timeOf: () => time };
  const handler = handlerOf(async () => made.deployed, { lost }, surroundings);
  const asked = { do: 'lost', rows: [CANARY], run: { is: CANARY } };
  await expect(handler(asked, { getRemainingTimeInMillis: () => 0 })).rejects.toMatchObject({ name: 'bug' });
  const [line = ''] = lines;
  expect(line).not.toContain(CANARY);
  expect(JSON.parse(line)).toMatchObject({
    level: 'ERROR',
    code: 'bug',
    kind: 'TypeError',
    pipeline: 'people',
    stack: expect.arrayContaining([expect.stringContaining('log.test')]),
  });
});
