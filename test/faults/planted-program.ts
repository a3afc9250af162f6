/** Copies of the compiled program with a fault planted in them, and what tests say of these. */
import { spawn } from 'node:child_process';
import { linkSync, mkdirSync } from 'node:fs';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { inject } from 'vitest';

/** A fault, and where it is planted. */
export interface Seed {
  readonly fault: string;
  /** Of the compiled program, before it is bundled. */
  readonly file: string;
  readonly find: string;
  readonly plant: string;
}

export interface Plant extends Seed {
  /** The test that must see it: its file and the beginning of its name. */
  readonly seenBy: readonly [file: string, name: string];
}

const root = resolve(import.meta.dirname, '../..');

/** Moments of each sweep: what is planted for it shows at most of them. */
const SWEEP_POINTS = '8';

/** Of tests on the program: how many passed and failed. */
export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly output: string;
}

/**
 * Runs all the tests that must see something, each on a copy of the program with its own fault planted. Several plants are seen by
 * tests that run one after the other.
 */
export async function verdictsOn(plants: readonly Plant[]): Promise<ReadonlyMap<Plant, Verdict>> {
  const programs = new Map<Plant, string>();
  const { report, output } = await withAllPlanted(plants, programs, () =>
    reportOn(plants, (plant) => programs.get(plant)),
  );
  return new Map(plants.map((plant) => [plant, { ...countsOf(report, plant), output }]));
}

/** Runs the same tests on a copy in which nothing is planted. */
export async function verdictOnUntouched(plants: readonly Plant[]): Promise<Verdict> {
  return await withPlanted(undefined, async (program) => {
    const { report, output } = await reportOn(plants, () => program);
    const counts = plants.map((plant) => countsOf(report, plant));
    const sum = (of: 'passed' | 'failed') => counts.reduce((total, count) => total + count[of], 0);
    return { passed: sum('passed'), failed: sum('failed'), output };
  });
}

async function withAllPlanted<T>(
  plants: readonly Plant[],
  programs: Map<Plant, string>,
  work: () => Promise<T>,
): Promise<T> {
  const [first, ...rest] = plants;
  if (!first) return await work();
  return await withPlanted(first, async (program) => {
    programs.set(first, program);
    return await withAllPlanted(rest, programs, work);
  });
}

/** Plants the fault, if there is one, in a copy of the program that is gone afterwards. `work` is given its entry. */
export async function withPlanted<T>(
  plant: Seed | undefined,
  work: (program: string) => Promise<T>,
): Promise<T> {
  const folder = join(root, '.local/planted', (plant?.fault ?? 'none').replaceAll(/\W+/g, '-'));
  await rm(folder, { recursive: true, force: true });
  try {
    return await work(await copyOfProgram(folder, plant));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** All but the file that something is planted in are links to the program's own. */
async function copyOfProgram(folder: string, plant?: Seed): Promise<string> {
  const compiled = join(root, '.local/compiled');
  const found = await readdir(compiled, { recursive: true, withFileTypes: true });
  const modules = found.filter((entry) => entry.isFile() && entry.name.endsWith('.js'));
  for (const { parentPath, name } of modules) {
    const path = relative(compiled, join(parentPath, name));
    const place = join(folder, 'dist', path);
    mkdirSync(dirname(place), { recursive: true });
    if (path !== plant?.file) linkSync(join(compiled, path), place);
  }
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  if (plant) {
    const text = await readFile(join(compiled, plant.file), 'utf8');
    if (!text.includes(plant.find))
      throw new Error(`${plant.file} has no "${plant.find}" any more: plant it elsewhere`);
    const planted = text.replace(plant.find, plant.plant);
    await writeFile(join(folder, 'dist', plant.file), planted, { flag: 'wx' });
  }
  return join(folder, 'dist/cli/main.js');
}

type Report = readonly { readonly fullName: string; readonly status: string }[];

function countsOf(report: Report, { seenBy: [, name] }: Plant): { passed: number; failed: number } {
  const own = report.filter(({ fullName }) => fullName.includes(name));
  const count = (wanted: string) => own.filter(({ status }) => status === wanted).length;
  return { passed: count('passed'), failed: count('failed') };
}

/** One run of vitest, in which each test is told its program by its name. */
async function reportOn(
  plants: readonly Plant[],
  programOf: (plant: Plant) => string | undefined,
): Promise<{ report: Report; output: string }> {
  const { host, port, user, password } = inject('mysql');
  const login = password === '' ? user : `${user}:${encodeURIComponent(password)}`;
  const files = new Set(plants.map(({ seenBy: [file] }) => file));
  const names = plants.map(({ seenBy: [, name] }) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const programs = plants.map((plant) => [plant.seenBy[1], programOf(plant)]);
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...files, '--reporter=json', '-t', names.join('|')];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      SLUICE_TEST_PROGRAMS: JSON.stringify(programs),
      SLUICE_MYSQL_URL: `mysql://${login}@${host}:${port}`,
      SLUICE_DYNAMODB_URL: inject('dynamodb').endpoint,
      SLUICE_SWEEP: SWEEP_POINTS,
    },
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
  });
  child.stderr.resume();
  await new Promise((done) => child.once('close', done));
  const { testResults } = JSON.parse(output.slice(output.indexOf('{"numTotal'))) as {
    testResults: readonly { assertionResults: Report }[];
  };
  return { report: testResults.flatMap(({ assertionResults }) => assertionResults), output };
}
