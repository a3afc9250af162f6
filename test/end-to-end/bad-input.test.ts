/** Bad input: a clear code and a hint, exit 2 before anything was written. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/local/process.js';
import { type CliRun, project, type Reject } from '../fixtures/cli.js';
import { createTable, dynamodbCall, dynamodbConnection, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

const SECRET = 'canary-77ad0e';

let database: TestDatabase;
let table: string;
let closedPort: number;

beforeAll(async () => {
  database = await testDatabase('bad');
  closedPort = await freePort();
  await database.execute(
    `CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(99), wide DECIMAL(65,30), body LONGTEXT, maybe VARCHAR(9));
     INSERT INTO t VALUES (1, '${SECRET}', 1.5, '', NULL);
     CREATE TABLE nokey (id INT, name VARCHAR(9));
     INSERT INTO nokey VALUES (1, 'x'), (2, 'x');
     CREATE TABLE back (id INT PRIMARY KEY, name VARCHAR(99));
     CREATE TABLE large (id INT PRIMARY KEY, body LONGTEXT);
     INSERT INTO large VALUES (1, CONCAT('${SECRET}', REPEAT('x', 409600)));
     CREATE TABLE emptykey (k VARCHAR(9) PRIMARY KEY);
     INSERT INTO emptykey VALUES ('');
     CREATE TABLE longkey (k VARCHAR(3000) CHARACTER SET latin1 PRIMARY KEY);
     INSERT INTO longkey VALUES (CONCAT('${SECRET}', REPEAT('k', 2048)));
     CREATE TABLE latekey LIKE longkey;
     INSERT INTO latekey SELECT CONCAT('a', seq) FROM seq_1_to_200;
     INSERT INTO latekey VALUES (CONCAT('${SECRET}', REPEAT('k', 2048)))`,
  );
});
afterAll(() => database.drop());
beforeEach(() => {
  table = tableName('bad');
});

const my = () => database.connection;
const out = (from: object = {}, to: object = {}) => ({
  from: { connection: 'my', table: 't', ...from },
  to: { connection: 'dy', table, create: true, ...to },
});

interface Try {
  readonly name: string;
  readonly step: () => Record<string, unknown>;
  readonly code: string;
  readonly connection?: () => object;
  readonly status?: number;
}

async function run(one: Try): Promise<CliRun & { rejects: readonly Reject[] }> {
  const connections = { my: one.connection?.() ?? my(), dy: dynamodbConnection() };
  const made = await project({
    pipeline: 'bad',
    connections,
    steps: [{ copy: 'c', patience: 1, ...one.step() }],
  });
  try {
    return { ...(await made.command('run')), rejects: await made.rejects() };
  } finally {
    await made.remove();
  }
}

/** The codes and hints of every error event, problems included. */
function errors(run: CliRun): { code: string; hint?: string; message: string }[] {
  return run.events
    .filter((event) => event['event'] === 'error' || event['event'] === 'problem')
    .flatMap((event) => {
      const problems = (event['problems'] ?? []) as { code: string; hint?: string; message: string }[];
      return [event as unknown as { code: string; message: string }, ...problems];
    });
}

async function expectNothingWritten(): Promise<void> {
  const { TableNames } = await dynamodbCall('ListTables', {});
  const made = (TableNames as string[]).filter((name) => name === table);
  for (const TableName of made) expect(await dynamodbCall('Scan', { TableName })).toMatchObject({ Count: 0 });
  expect(await database.query('SELECT COUNT(*) FROM back')).toEqual([['0']]);
}

/** The run has stopped; the row is kept with its reason, in a file for nobody else. */
function expectRejected(result: CliRun, rejects: readonly Reject[], code: string): void {
  const stop = errors(result).find((error) => error.code === 'rejects_exceeded');
  expect(stop?.message).toContain(code);
  expect(stop?.hint).toBeDefined();
  expect(result.stdout + result.stderr).not.toContain(SECRET);
  expect(result.status).toBe(4);
  expect(rejects.map(({ reason }) => reason)).toEqual([code]);
  expect(rejects.map(({ mode }) => mode)).toEqual([0o600]);
}

/** What the plan can see: no table has been made either. */
const refused: Try[] = [
  { name: 'an unknown field', step: () => ({ ...out(), froom: 1 }), code: 'unknown_field' },
  { name: 'an unknown field of a sink', step: () => out({}, { modus: 'put' }), code: 'unknown_field' },
  {
    name: 'a kind of connection that does not exist',
    step: () => out(),
    connection: () => ({ ...my(), kind: 'postgres' }),
    code: 'wrong_value',
  },
  {
    name: 'a literal password',
    step: () => out(),
    connection: () => ({ ...my(), password: SECRET }),
    code: 'insecure',
  },
  { name: 'a missing source table', step: () => out({ table: 'nope' }), code: 'table_missing' },
  {
    name: 'patterns that match no table',
    step: () => ({
      from: { connection: 'my', tables: ['nope*'] },
      to: { connection: 'dy', table: 'x-{table}', create: true },
    }),
    code: 'table_missing',
  },
  { name: 'a missing sink table', step: () => out({}, { create: false }), code: 'table_missing' },
  { name: 'a missing column', step: () => out({ columns: ['id', 'nope'] }), code: 'column_missing' },
  {
    name: 'a missing column in the map',
    step: () => ({ ...out(), map: { drop: ['nope'] } }),
    code: 'column_missing',
  },
  {
    name: 'a key column that is not there',
    step: () => out({}, { key: { partition: 'nope' } }),
    code: 'column_missing',
  },
  {
    name: 'a key column that was dropped',
    step: () => ({ ...out(), map: { drop: ['id'] } }),
    code: 'key_missing',
  },
  {
    name: 'a key that may repeat',
    step: () => out({ table: 'nokey' }, { key: { partition: 'name' } }),
    code: 'key_not_unique',
  },
  { name: 'a table without a primary key', step: () => out({ table: 'nokey' }), code: 'key_missing' },
  { name: 'a where that is not SQL', step: () => out({ where: 'id === ;' }), code: 'sql_invalid' },
  {
    name: 'a where that closes the parenthesis',
    step: () => out({ where: '1=1) OR (1=1' }),
    code: 'sql_invalid',
  },
  {
    name: 'a query that is not SQL',
    step: () => ({
      from: { connection: 'my', query: 'SELECT FROM WHERE' },
      to: { connection: 'dy', table, create: true, key: { partition: 'id' } },
    }),
    code: 'sql_invalid',
  },
  {
    name: 'the same table as source and sink',
    step: () => ({ from: { connection: 'my', table: 't' }, to: { connection: 'my', table: 't' } }),
    code: 'same_table',
  },
  {
    name: 'a wrong password',
    step: () => out(),
    connection: () => ({ ...my(), user: 'bad_input', password: { env: 'SLUICE_TEST_PASSWORD' } }),
    code: 'access_denied',
  },
  {
    name: 'a server that is not there',
    step: () => out(),
    connection: () => ({ ...my(), port: closedPort }),
    code: 'unreachable',
  },
  {
    name: 'a server without TLS that is not on this machine',
    step: () => out(),
    connection: () => ({ ...my(), host: '0.0.0.0' }),
    code: 'tls_required',
  },
  // What only the rows can show: the plan tries the first hundred.
  { name: 'an item of 400 KB and more', step: () => out({ table: 'large' }), code: 'item_too_large' },
  { name: 'an empty key', step: () => out({ table: 'emptykey' }), code: 'key_empty' },
  { name: 'a key that is too long', step: () => out({ table: 'longkey' }), code: 'key_too_long' },
];

describe('bad input', () => {
  beforeAll(async () => {
    await database.execute(`CREATE USER IF NOT EXISTS bad_input IDENTIFIED BY '${SECRET}'`);
  });

  it.each(refused)('$name is refused', async (one) => {
    const result = await run(one);
    const all = errors(result);
    expect(all.map(({ code }) => code)).toContain(one.code);
    expect(result.status).toBe(2);
    const hints = all.filter(({ code }) => code === one.code).map(({ hint }) => hint ?? '');
    expect(hints.join('')).not.toBe('');
    expect(result.stdout + result.stderr).not.toContain(SECRET);
    const { TableNames } = await dynamodbCall('ListTables', {});
    expect(TableNames).not.toContain(table);
    await expectNothingWritten();
  });

  it('that is beyond the rows that the plan tries stops the run, with its reason', async () => {
    const result = await run({ name: '', step: () => out({ table: 'latekey' }), code: '' });
    expectRejected(result, result.rejects, 'key_too_long');
  });

  it('DECIMAL(65,30) as a number key is refused', async () => {
    await createTable(table, ['wide', 'N']);
    const result = await run({ name: '', step: () => out({}, { key: { partition: 'wide' } }), code: '' });
    expect(errors(result).map(({ code }) => code)).toContain('key_type');
    expect(result.status).toBe(2);
    await expectNothingWritten();
  });

  it.each([
    { name: 'throws', row: `() => { throw new Error("${SECRET}") }`, code: 'row_function' },
    { name: 'gives no object', row: '() => 5', code: 'row_shape' },
    { name: 'gives a promise', row: 'async (row) => row', code: 'row_shape' },
    { name: 'gives no number', row: '(row) => ({ id: row.id, v: NaN })', code: 'row_shape' },
    { name: 'gives what is no cell', row: '(row) => ({ id: row.id, v: new Map() })', code: 'row_shape' },
  ])('a row function that $name is refused', async ({ row, code }) => {
    const connections = JSON.stringify({ my: my(), dy: dynamodbConnection() });
    const made = await project(
      `import { copy, pipeline } from 'sluice';
export default pipeline({
  pipeline: 'bad', connections: ${connections},
  steps: [copy({ copy: 'c', from: { connection: 'my', table: 't' }, to: { connection: 'dy', table: '${table}', create: true }, row: ${row} })],
});`,
      'bad.ts',
    );
    const result = await made.command('run');
    await made.remove();
    const found = errors(result).find((error) => error.code === code);
    expect(found?.hint).toBeDefined();
    expect(result.status).toBe(2);
    expect(result.stdout + result.stderr).not.toContain(SECRET);
    await expectNothingWritten();
  });

  it('is all shown at once, with file and line', async () => {
    const made = await project(
      'pipeline: bad\nconnections:\n  my: { kind: mysql, hots: x }\nsteps:\n  - copy: c\n    from: { connection: nope, table: t }\n    too: {}\n',
    );
    const result = await made.command('check');
    await made.remove();
    expect(result.status).toBe(2);
    const problems = errors(result).filter((one) => 'line' in one) as unknown as { line: number }[];
    expect(problems.map(({ line }) => line)).toEqual(expect.arrayContaining([3, 6, 7]));
  });
});
