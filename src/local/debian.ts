import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, type Outcome, runProgram } from './command.js';

const INSTALL_WITHIN_MS = 10 * 60_000;
const MAX_LOCK_RETRIES = 60;
const LOCK_RETRY_MS = 3000;

/** Whether Debian packages can be installed: apt-get is there and this is root. */
export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && findProgram('apt-get') !== undefined;
}

/**
 * Installs Debian packages without their recommendations; no service is started by those that Sluice uses. The
 * package lists are refreshed only if it does not work with those that are there.
 */
export async function installPackages(packages: readonly string[]): Promise<Outcome> {
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  const first = await aptGet(install);
  if (first.succeeded) return first;
  const lists = await aptGet(['update']);
  return lists.succeeded ? await aptGet(install) : lists;
}

/** Another apt-get may be at work: waits for its lock. */
async function aptGet(args: readonly string[]): Promise<Outcome> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await runProgram('apt-get', ['-o', 'DPkg::Lock::Timeout=180', '-q', ...args], {
      timeoutMs: INSTALL_WITHIN_MS,
    });
    const locked = !outcome.succeeded && /could not (get|open) lock|unable to lock/i.test(outcome.output);
    if (!locked || attempt === MAX_LOCK_RETRIES) return outcome;
    await sleep(LOCK_RETRY_MS);
  }
}
