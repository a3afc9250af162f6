import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SluiceError } from '../errors.js';
import { runProgram } from './command.js';
import { preparedVenv } from './venv.js';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'sluice-venv-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

const DEAD_PID = 2 ** 22 + 1;

it('is made once, by whoever comes first, whatever lock a killed process left', async ({ skip }) => {
  const request = { folder: join(base, 'six'), packages: ['six==1.17.0'] };
  await writeFile(`${request.folder}.lock`, String(DEAD_PID));
  const said: string[] = [];
  const say = (line: string): number => said.push(line);
  let made: { readonly python: string }[];
  try {
    made = await Promise.all([preparedVenv(request, say), preparedVenv(request, say)]);
  } catch (error) {
    // A laptop without Python; CI has it.
    if (process.env['CI'] || !(error instanceof SluiceError) || error.code !== 'server_missing') throw error;
    skip(error.message);
    return;
  }
  expect(said.filter((line) => line.includes('six==1.17.0'))).toHaveLength(1);
  const script = 'import six, sys; print(six.__version__, sys.prefix)';
  const outcome = await runProgram(made[0]?.python ?? '', ['-c', script], { timeoutMs: 60_000 });
  expect(outcome.output.trim()).toBe(`1.17.0 ${request.folder}`);

  await preparedVenv(request, say);
  expect(said.filter((line) => line.includes('six==1.17.0'))).toHaveLength(1);
  await expect(readFile(`${request.folder}.lock`)).rejects.toThrow('ENOENT');

  const other = { ...request, packages: ['six==1.16.0'] };
  await preparedVenv(other, say);
  const again = await runProgram(made[0]?.python ?? '', ['-c', script], { timeoutMs: 60_000 });
  expect(again.output).toMatch(/^1\.16\.0 /);
});
