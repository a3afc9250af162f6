import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployedPipeline } from '../../test/fixtures/deployed.js';
import { pipeline } from '../../test/fixtures/in-process.js';
import { type TestDatabase, testDatabase } from '../../test/fixtures/mysql.js';
import { histories } from '../journal/runs.js';
import { alwaysSkipped } from './skipped-copies.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('skipped');
  await database.execute(
    `CREATE TABLE source (id INT PRIMARY KEY); INSERT INTO source VALUES (1), (2);
     CREATE TABLE one LIKE source; CREATE TABLE two LIKE source; CREATE TABLE three LIKE source`,
  );
});
afterAll(() => database.drop());

/** A copy that is always made, two under a condition, and a step that compares all three. */
function declared(condition: string): object {
  const copy = (name: string, table: string, more: object = {}) => ({
    copy: name,
    from: { connection: 'my', table: 'source' },
    to: { connection: 'my', table },
    ...more,
  });
  return {
    pipeline: 'conditions',
    connections: { my: database.connection },
    steps: [
      copy('always', 'one'),
      copy('alone', 'two', { when: condition }),
      { parallel: [copy('within', 'three')], when: condition },
      { verify: 'agree', of: ['always', 'alone', 'within'] },
    ],
  };
}

const [never, always] = ['steps.always.read < 0', 'steps.always.read > 0'];

it('what every run has skipped is not missing; what one has copied is compared, skipped since or not', async () => {
  const { run, runAs, verify } = await pipeline(declared(never));
  const before = await verify();
  expect([before.status, before.out]).toEqual([5, expect.stringMatching(/alone +different/)]);

  expect((await run()).status).toBe(0);
  const skipped = await verify();
  expect([skipped.status, skipped.out]).toEqual([0, expect.stringMatching(/^always +equal/m)]);
  expect(skipped.out).toContain('alone: not compared, since every run has skipped it (--step alone compares');
  expect(skipped.out).toContain('within: not compared');

  expect((await runAs(declared(always))).status).toBe(0);
  await database.execute('DELETE FROM two WHERE id = 1');
  const stopped = await run();
  expect([stopped.status, stopped.err]).toEqual([4, expect.stringContaining('of alone differ')]);
  const after = await verify();
  expect([after.status, after.out]).toEqual([5, expect.stringMatching(/^alone +different/m)]);
  expect(after.out).toMatch(/^within +equal/m);
});

it('a trace says that a copy was skipped and by what; once it was made, what the sink lacks is missing', async () => {
  await database.execute('TRUNCATE one; TRUNCATE two; TRUNCATE three');
  const { run, runAs, trace } = await pipeline(declared(never));
  const of = (out: string, name: string) =>
    out.split('\n\n').find((part) => part.startsWith(`${name} `)) ?? '';
  expect(await trace('1')).toMatchObject({ status: 5, out: expect.stringContaining('missing') });

  await run();
  const skipped = await trace('1');
  expect(skipped.status).toBe(0);
  expect(of(skipped.out, 'always')).toContain('equal:');
  for (const name of ['alone', 'within']) {
    const told = of(skipped.out, name);
    expect(told).toContain('skipped: no run has made this copy yet');
    expect(told).toContain("every run has skipped it: its condition was false: steps['always'].read < 0");
    expect(told).toMatch(/complete +skipped +20/);
  }

  await runAs(declared(always));
  expect((await trace('1')).status).toBe(0);
  await database.execute('DELETE FROM two WHERE id = 1; DELETE FROM three WHERE id = 1');
  await run();
  const since = await trace('1');
  expect(since.status).toBe(5);
  expect(of(since.out, 'within')).toContain('missing: the sink lacks the row');
  expect(of(since.out, 'within')).toContain('the newest run has skipped it: its condition was false');
});

it('deployed, a verify step does not miss what the run has skipped, and the journal tells it afterwards', async () => {
  await database.execute('TRUNCATE two; TRUNCATE three');
  const { deployed, execute, close } = await deployedPipeline(declared(never));
  try {
    const { status, cause } = await execute();
    expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
    const { state, declaration } = deployed;
    expect(await alwaysSkipped(histories(state.runs), declaration.steps)).toEqual(
      new Set(['alone', 'within']),
    );
  } finally {
    await close();
  }
});
