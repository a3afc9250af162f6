import { afterAll, beforeAll, expect, test } from 'vitest';
import { Recorder, traceOf } from '../../../test/fixtures/flow-trace.js';
import { type Behaviour, call, goingOn } from '../../../test/fixtures/flows.js';
import { execute, FunctionError } from '../../../test/fixtures/interpreter.js';
import { lambdaServer } from '../../../test/fixtures/lambda.js';
import { localRun } from '../../../test/fixtures/local-run.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { firing, functionsOf } from '../../../test/fixtures/own-functions.js';
import { needsServer } from '../../../test/fixtures/servers.js';
import type { Declaration } from '../../declare/declaration.js';
import { parseDeclaration } from '../../declare/load.js';
import { type Observer, type StepEnd, valuesOf } from '../outcome.js';
import { stateMachineOf } from './machine.js';

needsServer('mysql');

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase('asl');
  await database.execute(`CREATE TABLE source (id INT PRIMARY KEY, v VARCHAR(9));
    INSERT INTO source SELECT seq, CONCAT('v', seq) FROM seq_1_to_400;
    CREATE TABLE one LIKE source; CREATE TABLE two LIKE source;
    CREATE TABLE few (id INT PRIMARY KEY, v VARCHAR(9), CHECK (id < 100));`);
});
afterAll(() => database.drop());

function copy(name: string, table: string, more: object = {}): object {
  const to = { connection: 'shop', table, mode: 'upsert' };
  return { copy: name, from: { connection: 'shop', table: 'source' }, to, ...more };
}

const steps = [
  copy('first', 'one'),
  {
    parallel: [copy('second', 'two'), call('beside', { when: 'steps.first.written == 400' })],
  },
  { verify: 'agree', of: ['first', 'second'] },
  call('told', { input: { rows: '{{ steps.first.written }}' } }),
  copy('third', 'few', {
    onFailure: goingOn(
      call('sorry', { input: { code: '{{ steps.third.error.code }}', rows: '{{ steps.third.written }}' } }),
    ),
  }),
  call('last', { when: "steps.third.outcome == 'failed' && steps.agree.outcome == 'complete'" }),
  call('never', { when: 'steps.second.rejected > 0' }),
];

async function declared(): Promise<Declaration> {
  const text = JSON.stringify({ pipeline: 'p', connections: { shop: database.connection }, steps });
  return await parseDeclaration(text, 'p.yaml', { env: process.env, cwd: '/' });
}

/** What a run did: each step from its beginning to its end, and what its functions were given. */
interface Told {
  readonly trace: string;
  readonly payloads: Readonly<Record<string, unknown>>;
  readonly outcomes: Readonly<Record<string, string>>;
}

type Events = Recorder['events'];

function noting(payloads: Record<string, unknown>): Readonly<Record<string, Behaviour>> {
  const note =
    (name: string): Behaviour =>
    (payload) => {
      payloads[name] = payload;
      return {};
    };
  return Object.fromEntries(['beside', 'told', 'sorry', 'last', 'never'].map((name) => [name, note(name)]));
}

async function runHere(declaration: Declaration): Promise<Told & { readonly ends: Map<string, StepEnd> }> {
  const payloads: Record<string, unknown> = {};
  const recorder = new Recorder(noting(payloads));
  const events: Events[number][] = [];
  const ends = new Map<string, StepEnd>();
  const observer: Observer = {
    started: (name) => void events.push({ name, what: 'begin' }),
    waiting: () => undefined,
    said: () => undefined,
    ended: (name, end) => {
      ends.set(name, end);
      events.push({ name, what: 'end' });
    },
  };
  const server = await lambdaServer((name, payload) => recorder.call(name, payload));
  const env = {
    SLUICE_TEST_PASSWORD: process.env['SLUICE_TEST_PASSWORD'] ?? '',
    AWS_ENDPOINT_URL_LAMBDA: server.endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  try {
    const { outcomes } = await localRun(declaration, { firing, env, observer });
    return { trace: traceOf(events, declaration.steps), payloads, outcomes, ends };
  } finally {
    await server.stop();
  }
}

/** The functions of the copies give what the copies here have come to. */
async function runAsMachine(declaration: Declaration, ends: ReadonlyMap<string, StepEnd>): Promise<Told> {
  const payloads: Record<string, unknown> = {};
  const counts = (name: string) => valuesOf([...ends].flatMap(([each, end]) => (each === name ? [end] : [])));
  const recorder = new Recorder({
    ...noting(payloads),
    'first.finish': () => counts('first'),
    'second.finish': () => counts('second'),
    'third.part': () => {
      throw new FunctionError('rejects_exceeded', 'too many');
    },
    'third.failed': () => counts('third'),
  });
  const { output } = await execute(stateMachineOf(declaration), functionsOf(recorder));
  const results = (output as { steps: Record<string, { outcome: string }> }).steps;
  const outcomes = Object.fromEntries(Object.entries(results).map(([name, { outcome }]) => [name, outcome]));
  expect(recorder.events.filter(({ what }) => what === 'begin').map(({ name }) => name)).toEqual(
    expect.arrayContaining(['first.plan', 'first.part', 'first.finish', 'third.part', 'third.failed']),
  );
  return { trace: traceOf(asSteps(recorder.events), declaration.steps), payloads, outcomes };
}

/** A copy begins with its plan, and ends with its finish or with what is made of its failure. */
function asSteps(events: Events): Events {
  return events.flatMap(({ name, what }) => {
    const [step = '', part] = name.split('.');
    const isBorder =
      part === undefined || (what === 'begin' ? part === 'plan' : /^(finish|failed)$/.test(part));
    return isBorder ? [{ name: step, what }] : [];
  });
}

test('real copies and verifications go their way here as their states do in the machine', async () => {
  const declaration = await declared();
  const { ends, ...here } = await runHere(declaration);
  expect(here).toEqual({
    trace: 'first (second | beside) agree told third sorry last',
    payloads: {
      beside: {},
      told: { rows: 400 },
      sorry: { code: 'rejects_exceeded', rows: expect.any(Number) },
      last: {},
    },
    outcomes: {
      first: 'complete',
      second: 'complete',
      beside: 'complete',
      agree: 'complete',
      told: 'complete',
      third: 'failed',
      sorry: 'complete',
      last: 'complete',
      never: 'skipped',
    },
  });
  expect(await runAsMachine(declaration, ends)).toEqual(here);
});
