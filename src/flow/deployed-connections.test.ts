import { expect, test } from 'vitest';
import type { CopyStep, Declaration } from '../declare/declaration.js';
import { parseDeclaration } from '../declare/load.js';
import { deployedConnections } from './deployed-connections.js';
import type { PlannedStep } from './plan.js';

const shop = { connection: 'shop', table: 'a' };
const stage = { connection: 'stage', table: 'rows' };

/** The facts of a plan that matter here: how the sink may be opened, and how many writers it bears. */
interface Facts {
  readonly processes?: 'one by one';
  readonly maxWriters?: number;
  readonly tables?: number;
  readonly lastWins?: true;
}

async function counted(
  steps: readonly object[],
  facts: Readonly<Record<string, Facts>> = {},
): Promise<Readonly<Record<string, readonly [most: number, ...terms: string[]]>>> {
  const text = JSON.stringify({
    pipeline: 'p',
    connections: {
      shop: { kind: 'mysql', secret: 'shop', region: 'eu-west-1' },
      report: { kind: 'mysql', secret: 'report', region: 'eu-west-1' },
      stage: { kind: 'dynamodb', region: 'eu-west-1' },
      prod: { kind: 'rds', instance: 'shop', region: 'eu-west-1' },
      lake: { kind: 's3', bucket: 'lake', region: 'eu-west-1' },
    },
    steps,
  });
  const declaration = await parseDeclaration(text, 'p.yaml', { env: {}, cwd: '/' });
  const planned = declaration.steps.map((step) => plannedOf(step, facts));
  const counts = deployedConnections(declaration, planned);
  return Object.fromEntries(counts.map(({ connection, most, terms }) => [connection, [most, ...terms]]));
}

function plannedOf(step: Declaration['steps'][number], facts: Readonly<Record<string, Facts>>): PlannedStep {
  const inner = (steps: Declaration['steps']) => steps.map((each) => plannedOf(each, facts));
  const onFailure = inner(step.onFailure?.steps ?? []);
  if (step.kind === 'parallel') {
    return { kind: 'parallel', step, branches: step.branches.map(inner), onFailure };
  }
  if (step.kind === 'copy')
    return { kind: 'copy', step, copies: copiesOf(step, facts[step.name]), onFailure } as never;
  return { kind: step.kind, step, onFailure } as never;
}

function copiesOf(
  step: CopyStep,
  { processes, maxWriters = 64, tables = 1, lastWins }: Facts = {},
): object[] {
  const uniqueness = lastWins ? { duplicates: 3 } : 'index';
  const planned = { step, sinkPlan: { processes, maxWriters }, uniqueness };
  return Array.from({ length: tables }, (_, index) => ({ name: `${step.name}.${index}`, planned }));
}

test('a table is read by as many functions as `parallel` says, each with a connection', async () => {
  const copy = { copy: 'out', from: shop, to: stage, parallel: 4 };
  expect(await counted([copy])).toEqual({ shop: [4, 'out: 4 readers in at most 4 functions'] });
});

test('the writers are `parallel` together, however few parts there are', async () => {
  const copy = { copy: 'in', from: stage, to: { connection: 'report', table: 'a' }, parallel: 6 };
  expect(await counted([copy])).toEqual({ report: [6, 'in: 6 writers in at most 6 functions'] });
});

test('a sink that is changed as a whole has one function, and a lock', async () => {
  const copy = {
    copy: 'in',
    from: stage,
    to: { connection: 'report', table: 'a', mode: 'replace' },
    parallel: 4,
  };
  const facts = { in: { processes: 'one by one' as const } };
  expect(await counted([copy], facts)).toEqual({ report: [5, 'in: 4 writers and 1 lock in 1 function'] });
});

test('a query, one snapshot and rows whose last counts are read by one', async () => {
  const query = { copy: 'a', from: { connection: 'shop', query: 'SELECT 1 AS id' }, to: stage, parallel: 4 };
  expect(await counted([query])).toEqual({ shop: [1, 'a: 1 reader in 1 function'] });
  const snapshot = { copy: 'a', from: { ...shop, consistency: 'snapshot' }, to: stage, parallel: 4 };
  expect(await counted([snapshot])).toMatchObject({ shop: [1, expect.anything()] });
  const last = { copy: 'a', from: shop, to: { connection: 'report', table: 'a' }, parallel: 4 };
  const facts = { a: { lastWins: true as const, maxWriters: 1 } };
  expect(await counted([last], facts)).toMatchObject({
    shop: [1, expect.anything()],
    report: [1, expect.anything()],
  });
});

test('of many tables as many are at work as there may be functions, each with all writers', async () => {
  const copy = { copy: 'in', from: stage, to: { connection: 'report', table: 'a' }, parallel: 3 };
  expect(await counted([copy], { in: { tables: 2 } })).toMatchObject({ report: [6, expect.anything()] });
  expect(await counted([copy], { in: { tables: 50 } })).toMatchObject({ report: [9, expect.anything()] });
});

test('steps in series take their turn, and those side by side add up, but for a limit', async () => {
  const out = (name: string, parallel: number) => ({
    copy: name,
    from: shop,
    to: { connection: 'stage', table: `rows-${name}` },
    parallel,
  });
  expect(await counted([out('a', 2), out('b', 5), out('c', 3)])).toMatchObject({
    shop: [5, expect.anything()],
  });
  const branches = [out('a', 2), out('b', 5), out('c', 3)];
  expect(await counted([{ parallel: branches }])).toMatchObject({
    shop: [10, ...Array(3).fill(expect.anything())],
  });
  expect(await counted([{ parallel: branches, limit: 2 }])).toMatchObject({
    shop: [8, expect.stringMatching(/^b:/), expect.stringMatching(/^c:/)],
  });
});

test('both ends of one server add up, and a verification reads both', async () => {
  const within = { copy: 'a', from: shop, to: { connection: 'shop', table: 'b' }, parallel: 2 };
  expect(await counted([within])).toMatchObject({ shop: [4, expect.anything(), expect.anything()] });
  const verified = await counted([
    { ...within, parallel: 1 },
    { verify: 'agree', of: 'a' },
  ]);
  expect(verified).toEqual({ shop: [4, 'agree: 4 readers in 1 function'] });
});

test('an export that counts asks for several tables at once, each by a connection', async () => {
  const to = {
    connection: 'lake',
    kmsKey: 'arn:aws:kms:eu-west-1:111122223333:key/1',
    role: 'arn:aws:iam::111122223333:role/rds-export',
  };
  const nightly = { export: 'nightly', from: { connection: 'prod' }, to, count: { connection: 'shop' } };
  expect(await counted([nightly])).toEqual({ shop: [8, 'nightly: asks for 8 tables at once'] });
});
