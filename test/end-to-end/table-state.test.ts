/** Runs whose state is a table: any machine can look at them, and go on. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { stateAddress } from '../../src/journal/aws/state-address.js';
import { type Project, project, sluice } from '../fixtures/cli.js';
import { allItems, dynamodbConnection } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';
import { type TableStates, tableStates } from '../fixtures/states.js';

needsServer('mysql');
needsServer('dynamodb');

const PATIENCE_MS = 120_000;
let database: TestDatabase;
let states: TableStates;
const made: Project[] = [];

beforeAll(async () => {
  states = await tableStates();
  database = await testDatabase('tablestate');
  await database.execute(`CREATE TABLE source (id INT PRIMARY KEY, v VARCHAR(40) NOT NULL);
    INSERT INTO source SELECT seq, CONCAT('name ', seq) FROM seq_1_to_20;
    CREATE TABLE narrow (id INT PRIMARY KEY, v VARCHAR(6) NOT NULL)`);
});
afterAll(() => Promise.all([database.drop(), states.close()]));
afterEach(async () => {
  await Promise.all(made.splice(0).map((each) => each.remove()));
});

/** The same declaration in a new folder, as on another machine. */
async function machine(to: object, more: object = {}): Promise<Project> {
  const from = { connection: 'shop', table: 'source' };
  const folder = await project({
    pipeline: 'p',
    connections: {
      shop: database.connection,
      stage: dynamodbConnection(),
      here: { kind: 'files', path: './out' },
    },
    steps: [{ copy: 'copy', from, to, rejects: { limit: 100 }, ...more }],
  });
  made.push(folder);
  return folder;
}

const state = () => ['--state', stateAddress(states.place), '--json'];

test('one machine runs, another lists the rejects and sends them again', {
  timeout: PATIENCE_MS,
}, async () => {
  const to = { connection: 'shop', table: 'narrow', mode: 'upsert' };
  const first = await machine(to);
  const run = await sluice(['run', first.file, ...state()]);
  expect([run.status, run.stderr]).toEqual([3, '']);
  const second = await machine(to);
  const rejects = await sluice(['rejects', second.file, ...state()]);
  expect(rejects.events).toHaveLength(11);
  expect(JSON.stringify(await allItems(states.table))).not.toContain('name 1');
  await database.execute('ALTER TABLE narrow MODIFY v VARCHAR(40) NOT NULL');
  const replay = await sluice(['replay', second.file, ...state()]);
  expect(replay.status).toBe(0);
  expect((await sluice(['rejects', first.file, ...state()])).events).toEqual([]);
  const verified = await sluice(['verify', first.file, ...state()]);
  expect(verified.status).toBe(0);
  const env = { SLUICE_STATE: stateAddress(states.place) };
  const runs = await sluice(['runs', second.file, '--json'], { env });
  expect(runs.events).toMatchObject([
    { event: 'run', outcome: 'rejects', steps: [{ name: 'copy', read: 20, rejected: 11 }] },
  ]);
});

test('what only one machine could go on with is refused before anything is written', {
  timeout: PATIENCE_MS,
}, async () => {
  const { file } = await machine({ connection: 'here', table: 'out', format: 'csv' });
  const run = await sluice(['run', file, ...state()]);
  expect(run.status).toBe(2);
  expect(run.stdout).toContain('files of a folder');
  expect(run.stdout).toContain('--state FOLDER');
  expect((await sluice(['plan', file, '--json'])).status).toBe(0);
});

test('the plan names what the state must be allowed', { timeout: PATIENCE_MS }, async () => {
  const { file } = await machine({ connection: 'shop', table: 'narrow', mode: 'upsert' });
  const plan = await sluice(['plan', file, '--permissions', ...state()]);
  const resources = plan.events.flatMap(({ event, action, resource }) =>
    event === 'permission' ? [`${action} ${resource}`] : [],
  );
  expect(resources).toContain(
    `dynamodb:ConditionCheckItem arn:aws:dynamodb:${states.place.region}:*:table/${states.table}`,
  );
  expect(resources).toContain(`s3:PutObject arn:aws:s3:::${states.bucket}/p/*`);
});

test('a table that is not there is said with the command that makes it', {
  timeout: PATIENCE_MS,
}, async () => {
  const { file } = await machine({ connection: 'shop', table: 'narrow', mode: 'upsert' });
  const run = await sluice(
    ['run', file, '--state', 'dynamodb://no-such-table?bucket=lake&region=eu-west-1'],
    {
      env: { AWS_ENDPOINT_URL_DYNAMODB: states.place.endpoint ?? '' },
    },
  );
  expect(run.stderr).toContain('error[state_unusable]');
  expect(run.stderr).toContain('aws dynamodb create-table --table-name no-such-table');
  const wrong = await sluice(['runs', file, '--state', 'dynamodb://no-such-table']);
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('it names no bucket')]);
});
