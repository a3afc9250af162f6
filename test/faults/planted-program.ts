/** Copies of the compiled program with a fault planted in them, and what tests say of these. */
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
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

/** Of tests on the program: how many passed and failed. */
export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly output: string;
}

/** Plants the fault, if there is one, and runs tests on the program. */
export async function verdictOn(seenBy: Plant['seenBy'], plant?: Plant): Promise<Verdict> {
  return await withPlanted(plant, (program) => verdict(program, seenBy));
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

async function copyOfProgram(folder: string, plant?: Seed): Promise<string> {
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

/** An empty name stands for all tests of the file. */
async function verdict(program: string, [file, name]: Plant['seenBy']): Promise<Verdict> {
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
