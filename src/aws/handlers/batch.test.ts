/** Copies between real servers by the functions of a deployed pipeline, called by an interpreter of its state machine. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeployedPipeline, deployedPipeline } from '../../../test/fixtures/deployed.js';
import {
  allItems,
  createTable,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../../../test/fixtures/dynamodb.js';
import { pipeline } from '../../../test/fixtures/in-process.js';
import { declaredMetrics, emittedMetrics } from '../../../test/fixtures/metrics.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { type StateGround, tableStates } from '../../../test/fixtures/states.js';
import { readHistory } from '../../journal/runs.js';
import type { DriftReport } from '../../transform/drift.js';

const ROWS = 12_000;
const LONG_MS = 120_000;

let database: TestDatabase;
let open: DeployedPipeline[] = [];
const grounds: StateGround[] = [];
let stage: string;

beforeAll(async () => {
  database = await testDatabase('deployed');
  await database.execute(
    `CREATE TABLE orders (order_id INT PRIMARY KEY, customer INT NOT NULL, status VARCHAR(8) NOT NULL, total DECIMAL(12,2), note VARCHAR(60));
     INSERT INTO orders SELECT seq, seq % 97, IF(seq % 3 = 0, 'paid', 'open'), seq / 7, IF(seq % 5 = 0, NULL, REPEAT(CHAR(97 + seq % 26), seq % 60)) FROM seq_1_to_${ROWS}`,
  );
}, LONG_MS);
afterAll(() => database.drop());
beforeEach(async () => {
  for (const each of open) await each.close();
  open = [];
  stage = tableName('stage');
  await database.execute(
    'CREATE OR REPLACE TABLE report LIKE orders; CREATE OR REPLACE TABLE paid LIKE orders; INSERT INTO paid VALUES (-1, 0, "old", 0, NULL)',
  );
});
afterAll(async () => {
  for (const each of [...open, ...grounds]) await each.close();
});

/** MySQL → DynamoDB → MySQL, in series and side by side. */
function nightly(more: object = {}): object {
  return {
    pipeline: `nightly-${stage.toLowerCase().replaceAll('_', '-')}`,
    connections: { my: database.connection, dy: dynamodbConnection() },
    steps: [
      {
        copy: 'orders-out',
        from: { connection: 'my', table: 'orders', consistency: 'part' },
        to: { connection: 'dy', table: stage, key: { partition: 'order_id' }, mode: 'put', create: true },
        parallel: 2,
      },
      {
        parallel: [
          {
            copy: 'orders-in',
            from: { connection: 'dy', table: stage },
            to: { connection: 'my', table: 'report', mode: 'upsert' },
            parallel: 3,
            ...more,
          },
          {
            copy: 'paid',
            from: {
              connection: 'dy',
              table: stage,
              filter: '#status = :s',
              values: { ':s': 'paid' },
            },
            to: { connection: 'my', table: 'paid', mode: 'replace' },
            when: "steps['orders-out'].written > 0",
            parallel: 2,
          },
        ],
      },
    ],
  };
}

async function deployed(declaration: object, stateOf?: StateGround['state']): Promise<DeployedPipeline> {
  const made = await deployedPipeline(declaration, stateOf);
  open.push(made);
  return made;
}

/** What all tables hold, in one spelling. */
async function dump() {
  const rows = (table: string) => database.query(`SELECT * FROM ${table} ORDER BY order_id`);
  const items = (await allItems(stage))
    .map((item: Item) => JSON.stringify(Object.entries(item).sort()))
    .sort();
  return { items, report: await rows('report'), paid: await rows('paid') };
}

async function runHere(): Promise<Awaited<ReturnType<typeof dump>>> {
  const here = await pipeline(nightly());
  expect(await here.run()).toMatchObject({ status: 0 });
  return await dump();
}

describe('a deployed batch', () => {
  it(
    'hands over again and again, and leaves what a run on one machine leaves',
    async () => {
      const wanted = await runHere();
      stage = tableName('stage');
      await database.execute(
        'TRUNCATE report; TRUNCATE paid; INSERT INTO paid VALUES (-1, 0, "old", 0, NULL)',
      );
      const made = await deployed(nightly());
      const { status, output } = await made.execute();
      expect(status).toBe('SUCCEEDED');
      expect(await dump()).toEqual(wanted);
      expect(wanted.report).toHaveLength(ROWS);
      const results = (output as { steps: Record<string, object> }).steps;
      const counts = { unchanged: 0, rejected: 0, deleted: 0, outcome: 'complete' };
      expect(results['orders-out']).toMatchObject({ ...counts, read: ROWS, written: ROWS });
      expect(results['orders-in']).toMatchObject({ ...counts, read: ROWS, written: ROWS });
      expect(results['paid']).toMatchObject({ ...counts, written: ROWS / 3 });
      const parts = made.calls.filter((asked) => asked.do === 'part');
      expect(parts.length).toBeGreaterThan(2 * (2 + 3 + 1));
      const { state } = made.deployed;
      const [run = ''] = await state.runs.names();
      const history = await readHistory(state.runs, run);
      expect(history).toMatchObject({
        end: 'complete',
        execution: expect.stringContaining('execution:test'),
      });
      const { rows = 0, result } = history?.steps.get('orders-out') ?? {};
      expect([rows > 0, result?.series?.items.some((items) => items > 0)]).toEqual([true, true]);
      const copies = ['orders-out', 'orders-in', 'paid'].map((name) => ['copy', name] as const);
      const { pipeline: name } = made.deployed.declaration;
      expect(emittedMetrics(made.lines)).toEqual(declaredMetrics(name, copies, { runs: true }));
      const metrics = made.lines.map((line) => JSON.parse(line)).filter((line) => 'Read' in line);
      expect(metrics.map(({ Step, Read }) => [Step, Read]).sort()).toEqual([
        ['orders-in', ROWS],
        ['orders-out', ROWS],
        ['paid', ROWS / 3],
      ]);
    },
    LONG_MS,
  );

  it(
    'survives parts that are begun twice at once, its state in a table',
    async () => {
      const ground = await tableStates();
      grounds.push(ground);
      const wanted = await runHere();
      stage = tableName('stage');
      await database.execute(
        'TRUNCATE report; TRUNCATE paid; INSERT INTO paid VALUES (-1, 0, "old", 0, NULL)',
      );
      const made = await deployed(nightly(), ground.state);
      let twice = 0;
      const { status, error, cause } = await made.execute(async (asked, call) => {
        if (asked.do !== 'part' || asked['step'] !== 'orders-in') return await call();
        twice++;
        const both = await Promise.allSettled([call(), call()]);
        const right = both.find((each) => each.status === 'fulfilled');
        if (right) return right.value;
        throw both[0]?.status === 'rejected' ? both[0].reason : new Error('neither');
      });
      expect([status, error, cause]).toEqual(['SUCCEEDED', undefined, undefined]);
      expect(twice).toBeGreaterThan(0);
      expect(await dump()).toEqual(wanted);
    },
    LONG_MS,
  );

  it(
    'mirrors: what is gone goes once all is in, whichever functions copied it, handed over and failed among them',
    async () => {
      const ground = await tableStates();
      grounds.push(ground);
      const mirrored = (deletes: number) => ({
        pipeline: `mirrored-${stage.toLowerCase().replaceAll('_', '-')}`,
        connections: { my: database.connection, dy: dynamodbConnection() },
        steps: [
          {
            copy: 'out',
            from: { connection: 'my', table: 'orders', consistency: 'part' },
            to: { connection: 'dy', table: stage, mode: 'mirror', deletes: { limit: deletes } },
            parallel: 3,
          },
        ],
      });
      await createTable(stage, ['order_id', 'N']);
      const gone = Array.from({ length: 40 }, (_, n) => ({ order_id: { N: String(-n) } }));
      await putItems(stage, gone);
      const guarded = await deployed(mirrored(39), ground.state);
      expect(await guarded.execute()).toMatchObject({ status: 'FAILED', error: 'deletes_exceeded' });
      expect(await allItems(stage)).toHaveLength(ROWS + gone.length);
      const made = await deployed(mirrored(40), ground.state);
      let isLost = false;
      const { status, output, cause } = await made.execute(async (asked, call) => {
        const answer = await call();
        if (asked.do !== 'finish' || isLost) return answer;
        isLost = true;
        return await call();
      });
      expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
      expect(guarded.calls.filter((asked) => asked.do === 'part').length).toBeGreaterThan(3);
      const { steps } = output as { steps: Record<string, object> };
      expect(steps['out']).toMatchObject({ read: ROWS, written: ROWS, deleted: gone.length });
      const ids = (await allItems(stage)).map(({ order_id }) => Number(Object.values(order_id ?? {})[0]));
      expect(ids.sort((one, other) => one - other)).toEqual(Array.from({ length: ROWS }, (_, n) => n + 1));
      expect(await made.deployed.state.keys.names()).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'tells how its rows differ from the first of them, as a run on one machine does',
    async () => {
      await database.execute(
        `CREATE TABLE docs (id INT PRIMARY KEY, doc TEXT);
         INSERT INTO docs SELECT seq, IF(seq <= 2500, '{"n": 1}', '{"n": "x", "late": true}') FROM seq_1_to_4000`,
      );
      const drifting = (table: string) => ({
        pipeline: 'drifting',
        connections: { my: database.connection, dy: dynamodbConnection() },
        steps: [
          {
            copy: 'docs',
            from: { connection: 'my', table: 'docs', consistency: 'part' },
            to: { connection: 'dy', table, key: { partition: 'id' }, mode: 'put', create: true },
            parse: ['doc'],
            parallel: 1,
          },
        ],
      });
      const here = await pipeline(drifting(stage));
      const { out } = await here.run({ json: true });
      const summary = JSON.parse(out.split('\n').at(-1) ?? '') as { steps: { drift: DriftReport }[] };
      expect((await here.runs('')).out).toContain('drift in docs');
      const made = await deployed(drifting(tableName('stage')));
      expect((await made.execute()).status).toBe('SUCCEEDED');
      const { runs } = made.deployed.state;
      const [run = ''] = await runs.names();
      const past = (await readHistory(runs, run))?.steps.get('docs');
      expect(past?.shares?.length).toBeGreaterThan(1);
      const found = (report: DriftReport | undefined) =>
        report?.findings.map(({ path, what }) => [path, what]);
      const wanted = found(summary.steps[0]?.drift);
      expect(wanted).toEqual([
        ['doc.n', 'type'],
        ['doc.late', 'new'],
      ]);
      expect(found(past?.result?.drift)).toEqual(wanted);
    },
    LONG_MS,
  );

  it(
    'hands over between batches where it keeps a pace: no slice of a batch is written, or counted, twice',
    async () => {
      const rows = 6000;
      const made = await deployed({
        pipeline: 'paced',
        connections: { my: database.connection },
        steps: [
          {
            copy: 'slow',
            from: { connection: 'my', table: 'orders', where: `order_id <= ${rows}`, consistency: 'part' },
            to: { connection: 'my', table: 'report' },
            pace: { items: rows },
          },
        ],
      });
      const { status, output, cause } = await made.execute();
      expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
      const { steps } = output as { steps: Record<string, object> };
      expect(steps['slow']).toMatchObject({ read: rows, written: rows, unchanged: 0 });
      expect(made.calls.filter((asked) => asked.do === 'part').length).toBeGreaterThan(1);
    },
    LONG_MS,
  );
});
