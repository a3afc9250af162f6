// Lets processes of this repository take turns. Node built-ins only: install.mjs needs it before there are packages.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TURN_MS = 250;
const MAX_TURNS = 2400;

/** Runs `work` while no other process holds the lock file. The lock of a process that has died is taken over. */
export async function inTurn(file, work) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    if (take(file)) {
      try {
        return await work();
      } finally {
        rmSync(file, { force: true });
      }
    }
    if (turn === 4) console.error(`waiting for the process that holds ${file} …`);
    await sleep(TURN_MS);
  }
  throw new Error(`gave up waiting for ${file}; remove it if nothing else runs here`);
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!ownerLives(file)) rmSync(file, { force: true });
    return false;
  }
}

function ownerLives(file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}
