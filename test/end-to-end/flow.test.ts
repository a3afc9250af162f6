import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('mysql');

let database: TestDatabase;
let made: Project;

beforeAll(async () => {
  database = await testDatabase('flow');
  await database.execute(`CREATE TABLE source (id INT PRIMARY KEY, v VARCHAR(9));
    INSERT INTO source SELECT seq, CONCAT('v', seq) FROM seq_1_to_400;
    CREATE TABLE none LIKE source;`);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.execute(`DROP TABLE IF EXISTS one, two, three;
    CREATE TABLE one (id INT, v VARCHAR(9)); CREATE TABLE two LIKE one; CREATE TABLE three LIKE one`);
});
afterEach(() => made.remove());

function copy(name: string, table: string, more: object = {}, from = 'source'): object {
  const to = { connection: 'shop', table, mode: 'append' };
  return { copy: name, from: { connection: 'shop', table: from }, to, ...more };
}

/** A call that appends its name, and its input as JSON, to the file `log` beside the declaration. */
function log(name: string, more: object = {}): object {
  return { call: name, run: ['sh', '-c', `echo "${name} $(cat)" >> log`], ...more };
}

/** What follows a failure, and lets the flow go on. */
function goOn(steps: object): object {
  // biome-ignore lint/suspicious/noThenProperty: the declaration's word
  return { then: 'continue', steps };
}

async function declare(...steps: object[]): Promise<void> {
  made = await project({ pipeline: 'p', connections: { shop: database.connection }, steps });
}

async function again(...steps: object[]): Promise<void> {
  const declaration = { pipeline: 'p', connections: { shop: database.connection }, steps };
  await writeFile(made.file, JSON.stringify(declaration));
}

async function logged(): Promise<string[]> {
  const text = await readFile(join(made.folder, 'log'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

async function rowsOf(table: string): Promise<number> {
  return Number((await database.query(`SELECT COUNT(*) FROM ${table}`))[0]?.[0]);
}

/** The outcome of each step by its name, as the summary has it. */
function outcomes({ events }: CliRun): Record<string, string> {
  const summary = events.at(-1) as unknown as { steps: { name: string; outcome: string }[] };
  return Object.fromEntries(summary.steps.map(({ name, outcome }) => [name, outcome]));
}

describe('a condition', () => {
  it('skips what it does not let through, and what follows looks at the results', async () => {
    await declare(
      copy('first', 'one'),
      copy('empty', 'two', {}, 'none'),
      copy('after-first', 'three', { when: "steps['first'].written == 400 && steps.first.seconds > 0" }),
      copy('after-empty', 'three', { when: 'steps.empty.read > 0' }),
      log('skipped', { when: "steps['after-empty'].outcome != 'skipped'" }),
      log('told', {
        when: "steps.skipped.outcome == 'skipped' && firing.year > 2000",
        input: { rows: "{{ steps['first'].written }}", at: '{{ firing.time }}', fixed: [1, 'x'] },
      }),
    );
    const run = await made.command('run');
    expect([run.status, outcomes(run)]).toEqual([
      0,
      {
        first: 'complete',
        empty: 'complete',
        'after-first': 'complete',
        'after-empty': 'skipped',
        skipped: 'skipped',
        told: 'complete',
      },
    ]);
    expect(run.events).toContainEqual({ event: 'skipped', step: 'after-empty' });
    expect(await rowsOf('three')).toBe(400);
    const [line] = await logged();
    expect(JSON.parse(line?.slice('told '.length) ?? '')).toEqual({
      rows: 400,
      at: expect.stringMatching(/^20.*Z$/),
      fixed: [1, 'x'],
    });
  });

  it('of a parallel step skips all its branches', async () => {
    await declare(
      log('first'),
      { parallel: [copy('a', 'one'), [log('b'), log('c')]], when: "steps.first.outcome == 'failed'" },
      log('last', { when: "steps.a.outcome == 'skipped' && steps.c.outcome == 'skipped'" }),
    );
    const run = await made.command('run');
    expect(outcomes(run)).toEqual({
      first: 'complete',
      a: 'skipped',
      b: 'skipped',
      c: 'skipped',
      last: 'complete',
    });
    expect(await rowsOf('one')).toBe(0);
  });

  it('does not keep its step from being run alone', async () => {
    await declare(log('first'), log('second', { when: "steps.first.outcome == 'failed'" }));
    const run = await made.command('run', '--step', 'second');
    expect([run.status, outcomes(run), await logged()]).toEqual([0, { second: 'complete' }, ['second {}']]);
  });
});

describe('a failure', () => {
  const failing = (more: object = {}) => ({
    call: 'bad',
    run: ['sh', '-c', 'echo bad >> log; test -e mended'],
    ...more,
  });

  it('runs its branch and stops, and the next run tries again and does no finished step twice', async () => {
    const told = log('told', { input: { code: "{{ steps['bad'].error.code }}" } });
    await declare(log('first'), failing({ onFailure: [told] }), log('last'));
    const first = await made.command('run');
    expect([first.status, outcomes(first)]).toEqual([
      4,
      { first: 'complete', bad: 'failed', told: 'complete' },
    ]);
    expect(first.events).toContainEqual(expect.objectContaining({ event: 'error', code: 'call_failed' }));
    const second = await made.command('run');
    expect([second.status, outcomes(second)]).toEqual([
      4,
      { first: 'complete', bad: 'failed', told: 'complete' },
    ]);
    await writeFile(join(made.folder, 'mended'), '');
    const third = await made.command('run');
    expect([third.status, outcomes(third)]).toEqual([
      0,
      { first: 'complete', bad: 'complete', last: 'complete' },
    ]);
    const complaint = 'told {"code":"call_failed"}';
    expect(await logged()).toEqual(['first {}', 'bad', complaint, 'bad', complaint, 'bad', 'last {}']);
  });

  it('that is taken care of lets the flow go on, and the run ends with 3', async () => {
    const onFailure = goOn(log('told'));
    await declare(failing({ onFailure }), log('last', { when: "steps.bad.outcome == 'failed'" }));
    const run = await made.command('run');
    expect([run.status, outcomes(run)]).toEqual([3, { bad: 'failed', told: 'complete', last: 'complete' }]);
    expect(run.events.at(-1)).toMatchObject({ outcome: 'failures' });
    const listed = await made.command('runs');
    expect(listed.events[0]).toMatchObject({
      outcome: 'failures',
      resumable: false,
      steps: [
        { name: 'bad', outcome: 'failed', error: { code: 'call_failed' } },
        { name: 'told', outcome: 'complete' },
        { name: 'last', outcome: 'complete' },
      ],
    });
  });

  it('that was taken care of is not tried again when the run goes on', async () => {
    const onFailure = goOn(log('told'));
    const later = { call: 'later', run: ['sh', '-c', 'echo later >> log; test -e mended'] };
    await declare(failing({ onFailure }), later);
    expect((await made.command('run')).status).toBe(4);
    await writeFile(join(made.folder, 'mended'), '');
    const run = await made.command('run');
    expect([run.status, outcomes(run)]).toEqual([3, { bad: 'failed', told: 'complete', later: 'complete' }]);
    expect(await logged()).toEqual(['bad', 'told {}', 'later', 'later']);
  });

  it('within the branch of a failure stops the run', async () => {
    const onFailure = goOn([failing()]);
    await declare({ call: 'first', run: ['false'], onFailure }, log('last'));
    const run = await made.command('run');
    expect([run.status, outcomes(run), await logged()]).toEqual([
      4,
      { first: 'failed', bad: 'failed' },
      ['bad'],
    ]);
  });

  it('is tried again only if its code is among those named', async () => {
    await declare(
      failing({
        retry: { attempts: 3, backoff: 1, on: ['call_failed'] },
        onFailure: goOn(log('a')),
      }),
      { ...failing({ retry: { attempts: 3, backoff: 1, on: ['throttled', 'timeout'] } }), call: 'other' },
    );
    const run = await made.command('run');
    expect([run.status, await logged()]).toEqual([4, ['bad', 'bad', 'bad', 'a {}', 'bad']]);
    expect(run.events.filter(({ event }) => event === 'waiting')).toHaveLength(2);
  });

  it('of a copy is tried again for its code', async () => {
    const retry = { attempts: 2, backoff: 1, on: ['table_missing'] };
    await declare(
      { call: 'gate', run: ['sh', '-c', 'until test -e open; do sleep 0.1; done'] },
      copy('c', 'one', { retry }),
    );
    const said: Promise<unknown>[] = [];
    const run = await sluice(['run', made.file, '--json'], {
      started: (child) => {
        child.stdout?.on('data', (text: string) => {
          if (text.includes('"step":"gate","attempt"')) said.push(dropAndOpen());
          if (text.includes('"waiting"')) said.push(database.execute('CREATE TABLE one LIKE two'));
        });
      },
    });
    await Promise.all(said);
    expect([run.status, await rowsOf('one'), said.length]).toEqual([0, 400, 2]);
  });

  async function dropAndOpen(): Promise<void> {
    await database.execute('DROP TABLE one');
    await writeFile(join(made.folder, 'open'), '');
  }
});

describe('branches', () => {
  it('are stopped at a batch when one beside them fails, and go on from there', async () => {
    const slow = copy('slow', 'one', { pace: { items: 80 } });
    const bad = { call: 'bad', run: ['sh', '-c', 'sleep 1; test -e mended'] };
    await declare({ parallel: [slow, [{ wait: 'long', for: '1h' }], bad] }, log('last'));
    const first = await made.command('run');
    expect([first.status, outcomes(first)]).toEqual([
      4,
      { slow: 'interrupted', long: 'interrupted', bad: 'failed' },
    ]);
    const rows = await rowsOf('one');
    expect(rows).toBeLessThan(400);
    await writeFile(join(made.folder, 'mended'), '');
    const fast = copy('slow', 'one');
    // The wait is over for this test: its time is what is journaled, not what is declared.
    const journal = join(
      made.folder,
      '.sluice',
      'p',
      'runs',
      `${String(first.events.at(-1)?.['run'])}.jsonl`,
    );
    await appendFile(
      journal,
      `${JSON.stringify({ is: 'waiting', step: 'long', until: new Date().toISOString() })}\n`,
    );
    await again({ parallel: [fast, [{ wait: 'long', for: '1h' }], bad] }, log('last'));
    const second = await made.command('run');
    expect(second.events[0]).toMatchObject({ event: 'resumed' });
    expect([second.status, outcomes(second)]).toEqual([
      0,
      { slow: 'complete', long: 'complete', bad: 'complete', last: 'complete' },
    ]);
    expect(await database.query('SELECT COUNT(*), COUNT(DISTINCT id) FROM one')).toEqual([['400', '400']]);
  });

  it('that are tried again together go on where they were', async () => {
    const bad = { call: 'bad', run: ['sh', '-c', 'sleep 1; test -e tried || { touch tried; exit 1; }'] };
    const branches = { parallel: [copy('slow', 'one', { pace: { items: 200 } }), log('quick'), bad] };
    await declare({ ...branches, retry: { attempts: 2, backoff: 1 } });
    const run = await made.command('run');
    expect([run.status, outcomes(run), await logged()]).toEqual([
      0,
      { slow: 'complete', quick: 'complete', bad: 'complete' },
      ['quick {}'],
    ]);
    expect(run.events).toContainEqual(
      expect.objectContaining({ event: 'ended', step: 'slow', outcome: 'interrupted' }),
    );
    expect(await database.query('SELECT COUNT(*), COUNT(DISTINCT id) FROM one')).toEqual([['400', '400']]);
  });

  it('may be nested, with a limit on how many run at once', async () => {
    const step = (name: string) => ({
      call: name,
      run: ['sh', '-c', `echo + >> log; sleep 0.3; echo - >> log`],
    });
    await declare(
      { parallel: [step('a'), { parallel: [step('b'), step('c'), step('d')], limit: 1 }], limit: 2 },
      log('last'),
    );
    const run = await made.command('run');
    expect(run.status).toBe(0);
    const lines = await logged();
    expect(lines.at(-1)).toBe('last {}');
    let open = 0;
    const most = Math.max(...lines.map((line) => (line === '+' ? ++open : line === '-' ? --open : open)));
    expect([lines.length, most]).toEqual([9, 2]);
  });

  it('that failed and are taken care of let the flow go on', async () => {
    const onFailure = goOn(log('told'));
    const branches = {
      parallel: [log('a'), [{ wait: 'w', for: '1h' }], { call: 'bad', run: ['sh', '-c', 'sleep 1; false'] }],
      onFailure,
    };
    await declare(
      branches,
      log('last', { when: "steps.a.outcome == 'complete' && steps.w.outcome == 'failed'" }),
    );
    const run = await made.command('run');
    expect([run.status, outcomes(run)]).toEqual([
      3,
      { a: 'complete', w: 'interrupted', bad: 'failed', told: 'complete', last: 'complete' },
    ]);
  });
});

describe('a wait', () => {
  it('that was killed waits for what is left only', async () => {
    await declare({ wait: 'w', for: 5 }, log('last'));
    const killed = await sluice(['run', made.file, '--json'], {
      started: (child) => {
        child.stdout?.on('data', (text: string) => {
          if (text.includes('"waiting"')) setTimeout(() => child.kill('SIGKILL'), 1500);
        });
      },
    });
    expect(killed.status).toBeNull();
    const until = killed.events.find(({ event }) => event === 'waiting')?.['until'];
    await sleep(1000);
    const run = await made.command('run');
    expect([run.status, await logged()]).toEqual([0, ['last {}']]);
    expect(run.events.find(({ event }) => event === 'waiting')).toEqual({
      event: 'waiting',
      step: 'w',
      until,
    });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(String(until)));
    expect(run.events.at(-1)).toMatchObject({ steps: [{ name: 'w', seconds: expect.any(Number) }, {}] });
    expect(Number(Object(run.events.at(-1)?.['steps'])[0].seconds)).toBeLessThan(4);
  });

  it('is left at once by SIGINT', async () => {
    await declare({ wait: 'w', until: '2999-01-01T00:00:00Z' });
    const run = await sluice(['run', made.file, '--json'], {
      started: (child) => {
        child.stdout?.on('data', (text: string) => {
          if (text.includes('"waiting"')) child.kill('SIGINT');
        });
      },
    });
    expect([run.status, run.events.at(-1)]).toMatchObject([130, { outcome: 'interrupted' }]);
  });
});

describe('a verification', () => {
  it('passes where the sides agree, and stops the flow where they differ', async () => {
    await database.execute('DROP TABLE one; CREATE TABLE one (id INT PRIMARY KEY, v VARCHAR(9))');
    const spoil = { call: 'spoil', run: ['test', '-e', 'spoilt'] };
    const to = { connection: 'shop', table: 'one', mode: 'upsert' };
    const agree = { verify: 'agree', of: ['c'], retry: { attempts: 3 } };
    await declare(copy('c', 'one', { to }), spoil, agree, log('last'));
    expect((await made.command('run')).status).toBe(4);
    await database.execute("UPDATE one SET v = 'other' WHERE id = 7; DELETE FROM one WHERE id = 9");
    await writeFile(join(made.folder, 'spoilt'), '');
    const run = await made.command('run');
    expect([run.status, outcomes(run)]).toEqual([4, { c: 'complete', spoil: 'complete', agree: 'failed' }]);
    expect(run.events).toContainEqual(
      expect.objectContaining({
        event: 'error',
        code: 'different',
        message: 'agree: source and sink of c differ: 1 missing, 0 extra, 1 changed',
      }),
    );
    expect(run.events.filter(({ event }) => event === 'waiting')).toEqual([]);
    const kept = await readdir(join(made.folder, '.sluice', 'p', 'reports'));
    expect(kept).toHaveLength(1);
    await database.execute('REPLACE INTO one SELECT * FROM source WHERE id IN (7, 9)');
    const equal = await made.command('run');
    expect([equal.status, outcomes(equal)]).toEqual([
      0,
      { c: 'complete', spoil: 'complete', agree: 'complete', last: 'complete' },
    ]);
  });
});
