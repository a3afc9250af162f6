/** A file system of its own for the state folder, which can be filled up. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Arrangement } from './fault-kind.js';

const run = promisify(execFile);
const SIZE_BYTES = 16 * 1024 * 1024;
const PAGE_BYTES = 4096;

let reason: { readonly missing: string | undefined } | undefined;

/** Undefined where this machine lets us mount one. */
export function whyNoSmallDisk(): string | undefined {
  reason ??= { missing: tryMount() };
  return reason.missing;
}

function tryMount(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_BYTES}`, 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'a file system of its own cannot be mounted without the rights for it';
  } finally {
    rmdirSync(folder);
  }
}

export async function smallDisk(): Promise<Arrangement> {
  const state = await mkdtemp(join(tmpdir(), 'sluice-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_BYTES},mode=700`, 'tmpfs', state]);
  return {
    state,
    over: () => rm(join(state, 'filler'), { force: true }),
    remove: async () => {
      await run('umount', [state]);
      await rmdir(state);
    },
  };
}

/** Takes every block that is left: large pieces first, then the rest. */
export async function fillDisk(folder: string): Promise<void> {
  const file = await open(join(folder, 'filler'), 'a');
  try {
    for (const bytes of [1024 * 1024, PAGE_BYTES]) await appendUntilFull(file, bytes);
  } finally {
    await file.close();
  }
}

async function appendUntilFull(file: FileHandle, bytes: number): Promise<void> {
  try {
    for (let taken = 0; taken <= SIZE_BYTES; taken += bytes) await file.appendFile(Buffer.alloc(bytes));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
    throw error;
  }
  throw new Error('the small disk has more room than its size says');
}

/** Whether a run has written to its journal. */
export async function hasBegun(state: string): Promise<boolean> {
  const names = await readdir(state, { recursive: true });
  const journals = names.filter((name) => /runs\/.*\.jsonl$/.test(name));
  const sizes = await Promise.all(journals.map(async (name) => (await stat(join(state, name))).size));
  return sizes.some((size) => size > 0);
}
