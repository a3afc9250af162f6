/** What is made for Lambda, run by processes that have nothing else: a new one for each call. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { folderWith } from '../../test/fixtures/declaration-files.js';
import { allItems, dynamodbConnection, tableName } from '../../test/fixtures/dynamodb.js';
import { execute, FunctionError } from '../../test/fixtures/interpreter.js';
import { type TestDatabase, testDatabase } from '../../test/fixtures/mysql.js';
import type { Declaration } from '../declare/declaration.js';
import { loadDeclaration } from '../declare/load.js';
import { stateMachineOf } from '../flow/asl/machine.js';
import { codeOf, functionCode } from './function-code.js';
import { namedSteps } from './stack/named-steps.js';

const LIMIT_BYTES = 1_500_000;
const ROWS = 6000;
const LONG_MS = 240_000;

async function declared(
  text: string,
  name = 'p.yaml',
  others: Record<string, string> = {},
): Promise<Declaration> {
  const folder = await folderWith({ [name]: text, ...others });
  return await loadDeclaration(name, { env: process.env, cwd: folder });
}

const files = { 'keys.txt': 'a\nb\n', 'schema.json': '{"type":"object"}' };

const everywhere = {
  pipeline: 'p',
  connections: {
    my: { kind: 'mysql', secret: 'shop', region: 'eu-west-1' },
    dy: { kind: 'dynamodb', region: 'eu-west-1' },
    lake: { kind: 's3', bucket: 'lake', region: 'eu-west-1' },
  },
  steps: [
    { copy: 'out', from: { connection: 'my', table: 'orders' }, to: { connection: 'dy', table: 'stage' } },
    {
      copy: 'across',
      from: { connection: 'dy', table: 'stage', keys: './keys.txt' },
      to: { connection: 'dy', table: 'other' },
    },
    {
      copy: 'lines',
      from: { connection: 'lake', table: 'orders', format: 'csv' },
      to: { connection: 'my', table: 'report' },
    },
    {
      copy: 'checked',
      from: { connection: 'dy', table: 'stage' },
      to: { connection: 'my', table: 'report' },
      check: { schema: './schema.json' },
    },
    { verify: 'agree', of: ['out', 'checked'] },
  ],
};

describe('the code of a function', () => {
  it(
    'is small, the same bytes each time wherever the declaration lies, and holds no path of this machine',
    async () => {
      const text = JSON.stringify(everywhere);
      const [one, other] = await Promise.all([
        declared(text, 'p.yaml', files),
        declared(text, 'p.yaml', files),
      ]);
      const stepsOf = ({ steps }: Declaration) => [undefined, ...namedSteps(steps)];
      for (const [index, step] of stepsOf(one).entries()) {
        const made = await codeOf(one, step);
        expect([step?.name, made.bytes < LIMIT_BYTES]).toEqual([step?.name, true]);
        if (step?.name !== 'across') continue;
        expect((await codeOf(other, stepsOf(other)[index])).hash).toBe(made.hash);
        expect(made.files.get('files/0-keys.txt')?.length).toBe(4);
        const all = [...made.files.values()].map((bytes) => Buffer.from(bytes).toString('utf8')).join('\n');
        for (const place of [process.cwd(), join(one.file, '..'), tmpdir()]) {
          expect(all.includes(`${place}/`)).toBe(false);
        }
      }
    },
    LONG_MS,
  );
});

it(
  'the code of a run is the same bytes, however often it is made',
  async () => {
    const declaration = await declared(JSON.stringify(everywhere), 'p.yaml', files);
    const hashes = new Set<string>();
    for (let made = 0; made < 10; made++) hashes.add((await codeOf(declaration, undefined)).hash);
    expect(hashes.size).toBe(1);
  },
  LONG_MS,
);

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await testDatabase('assets');
  folder = await mkdtemp(join(tmpdir(), 'sluice-assets-'));
  await database.execute(
    `CREATE TABLE orders (order_id INT PRIMARY KEY, customer INT NOT NULL, note VARCHAR(60));
     INSERT INTO orders SELECT seq, seq % 97, REPEAT(CHAR(97 + seq % 26), seq % 60) FROM seq_1_to_${ROWS};
     CREATE TABLE report LIKE orders; CREATE TABLE other LIKE orders`,
  );
}, LONG_MS);
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** What Lambda gives its functions, and nothing that a developer's machine has besides. */
function lambdaEnvironment(state: string): Record<string, string> {
  return {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_LAMBDA_FUNCTION_NAME: 'f',
    TZ: ':UTC',
    SLUICE_STATE: state,
    // Whoever copies hands over after its first batch.
    SLUICE_WORK_SECONDS: '0',
    SLUICE_TEST_PASSWORD: inject('mysql').password,
  };
}

/** Calls a handler once, and says on its last line what it gave or failed with. */
const CALLER = `
const [module, asked] = process.argv.slice(1);
const { handler } = await import(module);
const context = { getRemainingTimeInMillis: () => 600_000 };
try { console.log(JSON.stringify({ gave: await handler(JSON.parse(asked), context) })); }
catch (error) { console.log(JSON.stringify({ name: error.name, message: error.message })); }
process.exit(0);`;

interface Called {
  readonly gave?: unknown;
  readonly name?: string;
  readonly message?: string;
}

function argsOf(module: string, asked: object): string[] {
  return ['--input-type=module', '-e', CALLER, module, JSON.stringify(asked)];
}

async function called(module: string, asked: object, env: Record<string, string>): Promise<Called> {
  return JSON.parse((await saidBy(module, asked, env)).at(-1) ?? '{}') as Called;
}

/** The lines of its log, and what it gave. */
async function saidBy(module: string, asked: object, env: Record<string, string>): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, argsOf(module, asked), {
    env,
    cwd: '/',
  });
  return stdout.trim().split('\n');
}

describe('functions made of it', () => {
  it(
    'run a batch in processes of their own, one of which is killed in the middle',
    async () => {
      const stage = tableName('assets');
      const program = `import { copy, pipeline } from 'sluice';
      export default pipeline({
        pipeline: 'assets',
        connections: ${JSON.stringify({ my: database.connection, dy: dynamodbConnection() })},
        steps: [
          copy({ copy: 'out', from: { connection: 'my', table: 'orders' },
            to: { connection: 'dy', table: '${stage}', mode: 'put', create: true }, parallel: 2,
            row: (order) => ({ ...order, note: String(order.note).toUpperCase() }) }),
          { parallel: [
            { copy: 'report', from: { connection: 'dy', table: '${stage}' }, to: { connection: 'my', table: 'report' }, parallel: 2,
              check: './schema.json' },
            { copy: 'other', from: { connection: 'dy', table: '${stage}' }, to: { connection: 'my', table: 'other', mode: 'replace' } },
          ] },
          { verify: 'agree', of: 'report' },
        ],
      });`;
      const schema = { type: 'object', properties: { customer: { type: 'integer', maximum: 96 } } };
      const declaration = await declared(program, 'p.ts', { 'schema.json': JSON.stringify(schema) });
      const modules = new Map<string, string>();
      for (const step of [undefined, ...namedSteps(declaration.steps)]) {
        const { folder: made } = await functionCode(declaration, step);
        modules.set(step?.name ?? '', join(made, 'index.mjs'));
      }
      const env = lambdaEnvironment(join(folder, 'state'));
      let killed = 0;
      const { status, error, cause, output } = await execute(
        stateMachineOf(declaration),
        async ({ payload }) => {
          const asked = payload as { do: string; step?: string };
          const own =
            asked.do === 'begin' || asked.do === 'end' || asked.do === 'failed' ? '' : (asked.step ?? '');
          const module = modules.get(own) ?? '';
          if (asked.do === 'part' && killed++ === 0) await killedOnceItWrites(module, asked, env, stage);
          // So little time for parts that they hand over.
          const { gave, name, message } = await called(module, asked, env);
          if (name !== undefined) throw new FunctionError(name, message ?? '');
          return gave;
        },
      );
      expect([status, error, cause]).toEqual(['SUCCEEDED', undefined, undefined]);
      const results = (output as { steps: Record<string, object> }).steps;
      expect(results).toMatchObject({
        out: { read: ROWS, rejected: 0 },
        report: { read: ROWS, written: ROWS },
        other: { read: ROWS, written: ROWS },
        agree: { outcome: 'complete' },
      });
      const items = await allItems(stage);
      expect(items).toHaveLength(ROWS);
      const wanted = await database.query(
        'SELECT order_id, customer, UPPER(note) FROM orders ORDER BY order_id',
      );
      expect(await database.query('SELECT * FROM report ORDER BY order_id')).toEqual(wanted);
      expect(await database.query('SELECT * FROM other ORDER BY order_id')).toEqual(wanted);
      const nothing = { do: 'part', run: 'none', step: 'report', part: null };
      const [bug = ''] = await saidBy(modules.get('report') ?? '', nothing, env);
      expect(JSON.parse(bug)).toMatchObject({
        code: 'bug',
        stack: expect.arrayContaining([expect.stringMatching(/src\/aws\/handlers\/copy-works\.ts:\d+:\d+/)]),
      });
    },
    LONG_MS,
  );
});

async function killedOnceItWrites(
  module: string,
  asked: object,
  env: Record<string, string>,
  table: string,
): Promise<void> {
  const child = spawn(process.execPath, argsOf(module, asked), { env, cwd: '/', stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  while (child.exitCode === null && (await allItems(table)).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGKILL');
  await ended;
}
