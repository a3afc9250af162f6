import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PREFIX = 'sluice-local-';
/** A folder younger than this may belong to a server that is just being started. */
const GRACE_MS = 60_000;
/** A socket's path has room for 108 bytes, its file name included. */
const MAX_BASE_LENGTH = 70;

/** Makes a folder of mode 0700 for one server, after removing those that killed runs left behind. */
export async function privateFolder(): Promise<string> {
  const base = tmpdir().length > MAX_BASE_LENGTH ? '/tmp' : tmpdir();
  const names = (await readdir(base)).filter((name) => name.startsWith(PREFIX));
  await Promise.all(names.map((name) => removeLeftover(join(base, name))));
  return await mkdtemp(join(base, PREFIX));
}

/** A folder whose keeper (see process.ts) has died is a leftover, and so is the server that still works in it. */
async function removeLeftover(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found || found.uid !== process.getuid?.() || Date.now() - found.mtimeMs < GRACE_MS) return;
  if (await worksIn(folder, await pidIn(folder, 'keeper.pid'))) return;
  const server = await pidIn(folder, 'server.pid');
  if (server !== undefined && (await worksIn(folder, server))) process.kill(server, 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
}

async function pidIn(folder: string, file: string): Promise<number | undefined> {
  const text = await readFile(join(folder, file), 'utf8').catch(() => '');
  return /^[1-9]\d*\s*$/.test(text) ? Number(text) : undefined;
}

/** Whether the process is alive and names the folder among its arguments: pids are used again. */
async function worksIn(folder: string, pid: number | undefined): Promise<boolean> {
  if (pid === undefined) return false;
  const command = existsSync('/proc/self/cmdline')
    ? readFile(`/proc/${pid}/cmdline`, 'utf8')
    : promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]).then(({ stdout }) => stdout);
  return (await command.catch(() => '')).includes(folder);
}
