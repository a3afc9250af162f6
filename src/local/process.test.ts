import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { privateFolder } from './private-folder.js';
import { startServer } from './process.js';

const MAX_POLLS = 200;

async function eventually(happened: () => boolean): Promise<void> {
  for (let poll = 0; poll < MAX_POLLS && !happened(); poll++) await sleep(50);
  expect(happened()).toBe(true);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const folders: string[] = [];

async function folder(): Promise<string> {
  const made = await privateFolder();
  folders.push(made);
  return made;
}

afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true });
});

const until = (file: string) => async () => existsSync(file);

test('a server that is stopped takes its folder with it', async () => {
  const home = await folder();
  const server = await startServer({
    folder: home,
    command: 'sleep',
    args: ['600'],
    ready: until(join(home, 'server.pid')),
  });
  const pid = Number(await readFile(join(home, 'server.pid'), 'utf8'));
  expect(alive(pid)).toBe(true);
  await server.stop();
  expect(alive(pid)).toBe(false);
  expect(existsSync(home)).toBe(false);
});

test('a server that does not start says what it printed', async () => {
  const server = {
    folder: await folder(),
    command: 'sh',
    args: ['-c', 'echo no such port >&2; exit 3'],
    ready: async () => false,
  };
  await expect(startServer(server)).rejects.toThrow(/did not start: no such port/);
});

test('a program that is not there is an error, not a wait', async () => {
  const server = { folder: await folder(), command: '/no/such/program', args: [], ready: async () => false };
  await expect(startServer(server)).rejects.toThrow(/did not start: .*not found/);
});

test('a server does not outlive a parent that is killed, and leaves nothing', async () => {
  const home = await folder();
  const keeperPid = join(home, 'keeper.pid');
  const source = `
    import { startServer } from ${JSON.stringify(join(import.meta.dirname, '../../.local/compiled/local/process.js'))};
    import { existsSync } from 'node:fs';
    const folder = ${JSON.stringify(home)};
    await startServer({ folder, command: 'sleep', args: ['600'], ready: async () => existsSync(folder + '/server.pid') });
    process.stdout.write('up');
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => parent.stdout.once('data', resolve));
  const pids = [
    Number(await readFile(keeperPid, 'utf8')),
    Number(await readFile(join(home, 'server.pid'), 'utf8')),
  ];
  expect(pids.every(alive)).toBe(true);
  parent.kill('SIGKILL');
  await eventually(() => !existsSync(home) && !pids.some(alive));
});

test('a folder is private, and those of killed runs are removed while others stay', async () => {
  const leftover = await mkdtemp(join(tmpdir(), 'sluice-local-'));
  const fresh = await mkdtemp(join(tmpdir(), 'sluice-local-'));
  const used = await mkdtemp(join(tmpdir(), 'sluice-local-'));
  folders.push(leftover, fresh, used);
  const keeper = spawn('sh', ['-c', 'sleep 600; :', used], { stdio: 'ignore' });
  await mkdir(join(leftover, 'data'));
  await writeFile(join(leftover, 'keeper.pid'), '1\n');
  await writeFile(join(used, 'keeper.pid'), `${keeper.pid}\n`);
  const longAgo = new Date(Date.now() - 3_600_000);
  for (const old of [leftover, used]) await utimes(old, longAgo, longAgo);
  const { mode } = await stat(await folder());
  keeper.kill('SIGKILL');
  expect(mode & 0o777).toBe(0o700);
  expect([leftover, fresh, used].map((path) => existsSync(path))).toEqual([false, true, true]);
});
