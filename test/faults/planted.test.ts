/**
 * Proves the suite: each fault is planted in a copy of the compiled program, and the test that is there for it must
 * turn red. The same tests are green on an untouched copy.
 */
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { needsServer } from '../fixtures/servers.js';

needsServer('mysql');
needsServer('dynamodb');

interface Plant {
  readonly fault: string;
  /** Of the compiled program, before it is bundled. */
  readonly file: string;
  readonly find: string;
  readonly plant: string;
  /** The test that must see it: its file and the beginning of its name. */
  readonly seenBy: readonly [file: string, name: string];
}

const regressions = 'test/end-to-end/regressions.test.ts';
const dynamodbFaults = 'test/end-to-end/faults-dynamodb.test.ts';
const sweeps = 'test/faults/kill-sweep-mysql.test.ts';

const transforming = 'const { batch, origin, dropped } = plan.transform.apply(incoming);';
/** Each cell on its way becomes what the expression says. */
const changing = (cell: string) =>
  `incoming.rows = incoming.rows.map((row) => row.map((cell) => (${cell})));\n${transforming}`;

const plants: readonly Plant[] = [
  {
    fault: "a: '' becomes NULL",
    file: 'engine/read-part.js',
    find: transforming,
    plant: changing("cell === '' ? null : cell"),
    seenBy: [regressions, "keeps '' apart from NULL"],
  },
  {
    fault: 'a: only the first page is read',
    file: 'connectors/dynamodb/pages.js',
    find: 'const last = answer.LastEvaluatedKey;',
    plant: 'const last = undefined;',
    seenBy: [regressions, 'reads beyond the first page'],
  },
  {
    fault: 'b: a mirror does not delete what is gone',
    file: 'connectors/mysql/mirror.js',
    find: 'async finish(session, rejected, totals) {',
    plant: 'async finish(session, rejected, totals) { return { deleted: 0, findings: [] };',
    seenBy: [regressions, 'mirror deletes what the source lacks'],
  },
  {
    fault: 'c: numbers pass through a double',
    file: 'engine/read-part.js',
    find: transforming,
    plant: changing('cell?.N ? { N: String(Number(cell.N)) } : cell'),
    seenBy: [regressions, 'keeps fractions and 38 digits'],
  },
  {
    fault: 'd: true, false and null are poison',
    file: 'connectors/dynamodb/attribute.js',
    find: "if ('BOOL' in attribute)",
    plant: "if ('BOOL' in attribute || 'NULL' in attribute) return malformed; if ('BOOL' in attribute)",
    seenBy: ['test/end-to-end/items-untouched.test.ts', 'of every type, by its key'],
  },
  {
    fault: 'e: attributes are dropped',
    file: 'connectors/dynamodb/item.js',
    find: 'const fields = columns.flatMap((column, index) => {',
    plant: 'const fields = columns.flatMap((column, index) => { if (index > 5) return [];',
    seenBy: [regressions, 'carries every attribute'],
  },
  {
    fault: 'f: keys are split at spaces',
    file: 'connectors/dynamodb/key-list/read-text.js',
    find: 'textValue(text, partition)',
    plant: "textValue(text.split(' ')[0], partition)",
    seenBy: ['test/end-to-end/chosen-items.test.ts', 'a missing key does not abort the run'],
  },
  {
    fault: 'unprocessed items are ignored',
    file: 'connectors/dynamodb/batch-write.js',
    find: 'left.length === 0 ? []',
    plant: 'left.length >= 0 ? []',
    seenBy: [dynamodbFaults, 'loses nothing with UnprocessedItems'],
  },
  {
    fault: "the server's counts and warnings are ignored",
    file: 'connectors/mysql/load.js',
    find: 'const isComplete = records === lines.count &&',
    plant: 'const isComplete = records === lines.count ||',
    seenBy: ['test/end-to-end/modes.test.ts', 'append rejects the rows whose key is there'],
  },
  {
    fault: 'the position is recorded before the data',
    file: 'engine/write-parcels.js',
    find: 'const counts = await writeParcel(',
    plant: `await run.journal.commit(parcel.token, { read: parcel.incoming.rows.length,
      written: parcel.incoming.rows.length, unchanged: 0, rejected: 0, bytes: 0, units: 0 });
      const counts = await writeParcel(`,
    seenBy: [sweeps, 'killed at any moment and run again, append to a table without a key'],
  },
];

const root = resolve(import.meta.dirname, '../..');
const home = join(root, '.local/planted');

beforeAll(async () => {
  await rm(home, { recursive: true, force: true });
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** A copy of the program, with the fault planted if there is one; gives its entry. */
async function copyOfProgram(name: string, plant?: Plant): Promise<string> {
  const folder = join(home, name);
  await mkdir(folder, { recursive: true });
  await cp(join(root, '.local/compiled'), join(folder, 'dist'), { recursive: true });
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  if (plant) {
    const path = join(folder, 'dist', plant.file);
    const text = await readFile(path, 'utf8');
    if (!text.includes(plant.find))
      throw new Error(`${plant.file} has no "${plant.find}" any more: plant it elsewhere`);
    await writeFile(path, text.replace(plant.find, plant.plant));
  }
  return join(folder, 'dist/cli/main.js');
}

/** Runs one test on that program; gives how many passed and failed. */
async function verdict(
  program: string,
  [file, name]: Plant['seenBy'],
): Promise<{ passed: number; failed: number; output: string }> {
  const { host, port, user, password } = inject('mysql');
  const login = password === '' ? user : `${user}:${encodeURIComponent(password)}`;
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    file,
    '--reporter=json',
    ...(name === '' ? [] : ['-t', name]),
  ];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      SLUICE_TEST_PROGRAM: program,
      SLUICE_MYSQL_URL: `mysql://${login}@${host}:${port}`,
      SLUICE_DYNAMODB_URL: inject('dynamodb').endpoint,
      SLUICE_SWEEP: '12',
    },
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
  });
  child.stderr.resume();
  await new Promise((done) => child.once('close', done));
  const report = JSON.parse(output.slice(output.indexOf('{"numTotal'))) as {
    numPassedTests: number;
    numFailedTests: number;
  };
  return { passed: report.numPassedTests, failed: report.numFailedTests, output };
}

test.each(plants)('the suite sees it when $fault', { timeout: 300_000 }, async (plant) => {
  const program = await copyOfProgram(plant.fault.replaceAll(/\W+/g, '-'), plant);
  const { passed, failed } = await verdict(program, plant.seenBy);
  expect(passed + failed, 'no test has that name').toBeGreaterThan(0);
  expect(failed).toBeGreaterThan(0);
});

test('the suite is green on a copy without a fault', { timeout: 300_000 }, async () => {
  const program = await copyOfProgram('none');
  const { passed, failed, output } = await verdict(program, [regressions, '']);
  expect([passed > 0, failed], output.slice(-2000)).toEqual([true, 0]);
});
