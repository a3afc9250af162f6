import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../errors.js';
import { findProgram, runProgram } from './command.js';
import { canInstallPackages, installPackages } from './debian.js';

/** Python packages in a folder of their own: nothing outside of it is changed. */
export interface Venv {
  /** Path of its Python. */
  readonly python: string;
}

export interface VenvRequest {
  /** Absolute; below `.local`. Whatever else is there goes. */
  readonly folder: string;
  /** Pinned: `pyarrow==22.0.0`. */
  readonly packages: readonly string[];
}

const pythons = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const MIN_PYTHON = '(3, 10)';
const ANSWER_WITHIN_MS = 60_000;
const INSTALL_WITHIN_MS = 15 * 60_000;
const LOCK_RETRY_MS = 250;
const MAX_LOCK_RETRIES = 4 * 60 * 20;

/**
 * A private Python (3.10 or newer) with these packages, made at the first call and found by the next: that takes a moment.
 * Processes that want the same folder take turns. Says what it installs. Throws `server_missing` where there is no such
 * Python, or the packages cannot be had.
 */
export async function preparedVenv(
  request: VenvRequest,
  say = (line: string) => console.error(line),
): Promise<Venv> {
  const venv = { python: join(request.folder, 'bin', 'python') };
  if (await isPrepared(request)) return venv;
  await inTurn(`${request.folder}.lock`, async () => {
    if (!(await isPrepared(request))) await prepare(request, say);
  });
  return venv;
}

function markOf({ folder }: VenvRequest): string {
  return join(folder, 'prepared');
}

function wanted({ packages }: VenvRequest): string {
  return `${packages.join('\n')}\n`;
}

async function isPrepared(request: VenvRequest): Promise<boolean> {
  return (await readFile(markOf(request), 'utf8').catch(() => '')) === wanted(request);
}

async function prepare(request: VenvRequest, say: (line: string) => void): Promise<void> {
  const { folder, packages } = request;
  await rm(folder, { recursive: true, force: true });
  const python = await findPython(say);
  say(`installing ${packages.join(', ')} for ${python}, only into ${folder} …`);
  const steps = await stepsOf(python, request);
  for (const [command, ...args] of steps) {
    const outcome = await runProgram(command, args, {
      timeoutMs: INSTALL_WITHIN_MS,
      environment: pipEnvironment(),
    });
    if (outcome.succeeded) continue;
    const end = outcome.output.trim().split('\n').slice(-3).join(' ');
    throw new SluiceError('server_missing', `Python packages could not be installed: ${end}`, {
      hint: 'a network or a mirror that pip knows is needed once',
    });
  }
  await writeFile(`${markOf(request)}.new`, wanted(request));
  await rename(`${markOf(request)}.new`, markOf(request));
}

/** From pip 22.3 on: https://pip.pypa.io/en/stable/cli/pip/#cmdoption-python */
const installsElsewhere =
  "import pip, sys; sys.exit([int(n) for n in pip.__version__.split('.')[:2]] < [22, 3])";

/** A pip of the folder's own takes seconds to make, and nothing needs it where Python's can install there. */
async function stepsOf(python: string, { folder, packages }: VenvRequest): Promise<readonly Command[]> {
  const inFolder = join(folder, 'bin', 'python');
  const install = ['install', '--quiet', '--no-input', '--no-compile', ...packages];
  const { succeeded } = await runProgram(python, ['-c', installsElsewhere], { timeoutMs: ANSWER_WITHIN_MS });
  return succeeded
    ? [
        [python, '-m', 'venv', '--without-pip', folder],
        [python, '-m', 'pip', '--python', inFolder, ...install],
      ]
    : [
        [python, '-m', 'venv', folder],
        [inFolder, '-m', 'pip', ...install],
      ];
}

type Command = readonly [program: string, ...args: readonly string[]];

/** Where a company has its own mirror and certificates, pip is told of them by these. */
function pipEnvironment(): Record<string, string | undefined> {
  const names = Object.keys(process.env).filter((name) => /^(?:PIP_|SSL_CERT_)/.test(name));
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

/** The path of the first Python that is new enough and can make an environment. */
async function findPython(say: (line: string) => void): Promise<string> {
  const found = await firstPython();
  if (found) return found;
  if (canInstallPackages()) {
    say("installing python3 and python3-venv from Debian's packages …");
    await installPackages(['python3', 'python3-venv']);
    const installed = await firstPython();
    if (installed) return installed;
  }
  throw new SluiceError('server_missing', 'no Python of version 3.10 or newer with venv was found', {
    hint: 'install python3 and python3-venv',
  });
}

async function firstPython(): Promise<string | undefined> {
  const check = `import sys, venv, ensurepip; sys.exit(sys.version_info < ${MIN_PYTHON})`;
  for (const name of pythons) {
    const program = findProgram(name);
    if (program === undefined) continue;
    const outcome = await runProgram(program, ['-c', check], { timeoutMs: ANSWER_WITHIN_MS });
    if (outcome.succeeded) return program;
  }
  return undefined;
}

/** Runs `work` while no other process holds the lock file. The lock of a process that has died is taken over. */
async function inTurn(file: string, work: () => Promise<void>): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  for (let turn = 0; turn < MAX_LOCK_RETRIES; turn++) {
    if (await takes(file)) {
      try {
        return await work();
      } finally {
        await rm(file, { force: true });
      }
    }
    await sleep(LOCK_RETRY_MS);
  }
  throw new Error(`gave up waiting for ${file}; remove it if nothing else runs here`);
}

async function takes(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    // Empty for the instant between its making and its filling.
    if (owner > 0 && !lives(owner)) await rm(file, { force: true });
    return false;
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
