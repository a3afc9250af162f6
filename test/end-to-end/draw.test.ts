import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Project, project, sluice } from '../fixtures/cli.js';
import { dynamodbConnection, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { parseXml } from '../fixtures/strict-xml.js';

let database: TestDatabase;
let made: Project;

beforeAll(async () => {
  database = await testDatabase('draw');
  await database.execute(
    `CREATE TABLE a (id INT PRIMARY KEY, v INT NOT NULL); INSERT INTO a SELECT seq, seq FROM seq_1_to_1500;
     CREATE TABLE b (id INT PRIMARY KEY, v TINYINT NOT NULL)`,
  );
  const connections = { my: database.connection, dy: dynamodbConnection() };
  const out = {
    from: { connection: 'my', table: 'a' },
    to: { connection: 'dy', table: tableName('draw'), create: true },
  };
  const across = {
    from: { connection: 'my', table: 'a' },
    to: { connection: 'my', table: 'b' },
    rejects: { limit: 1400 },
  };
  made = await project({
    pipeline: 'drawn',
    connections,
    steps: [
      {
        parallel: [
          { copy: 'out', ...out },
          { copy: 'across', ...across },
        ],
      },
      { call: 'never', run: ['false'], when: 'firing.year < 2000' },
      // biome-ignore lint/suspicious/noThenProperty: a field of the declaration
      { call: 'fails', run: ['false'], onFailure: { steps: { wait: 'rest', for: 1 }, then: 'continue' } },
    ],
  });
});
afterAll(async () => {
  await made.remove();
  await database.drop();
});

const draw = (args: readonly string[], env = {}) =>
  sluice(['draw', made.file, ...args], { cwd: made.folder, env: { LANG: 'en_IE.UTF-8', ...env } });

it('draws the flow, and after a run what became of each step, in every format', async () => {
  const before = await draw([]);
  expect([before.status, before.stderr]).toEqual([0, '']);
  expect(before.stdout).toContain('│ copy across ');
  expect(before.stdout).not.toMatch(/[✓!✗]/);
  expect((await draw(['--run', 'last'])).stderr).toContain('there has been no run');
  const { run } = await made.run(3);
  const after = await draw([]);
  expect(after.stdout).toMatch(/! complete with failures in \d+\.\ds/);
  expect(after.stdout).toContain(`run ${run}`);
  expect(after.stdout).toMatch(/✓ complete in \d+\.\ds/);
  expect(after.stdout).toMatch(/! complete with rejects in \d+\.\ds/);
  for (const text of [
    '1,500 written',
    '127 written, 1,373 rejected',
    '– skipped',
    '✗ failed in',
    'call_failed',
  ]) {
    expect(after.stdout).toContain(text);
  }
  expect((await draw(['--plain'])).stdout).toBe(before.stdout);
  const svg = parseXml((await draw(['--format', 'svg', '--run', run.slice(0, 18)])).stdout);
  expect(svg.text).toMatch(/✓ complete in [^✓]*1,500 written/);
  expect((await draw(['--format', 'mermaid'])).stdout).toMatch(
    /^ {2}n2\["copy out.*✓ complete in .*1,500 written"\]:::good$/m,
  );
});

it('keeps to ASCII where the locale is not UTF-8, and to the width that there is', async () => {
  const { stdout } = await draw([], { LANG: 'C', COLUMNS: '70' });
  expect(stdout).toMatch(/^\p{ASCII}*$/u);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(70);
});

it('refuses a format and a run that there are not', async () => {
  for (const args of [
    ['--format', 'png'],
    ['--run', '1999'],
  ]) {
    const { status, stdout, stderr } = await draw(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/error\[usage\] no (format|run) is named/);
  }
});
