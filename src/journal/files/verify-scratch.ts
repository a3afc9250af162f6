import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isRunning, ownMark } from '../../connectors/process-mark.js';
import { stateFolder } from './state-folder.js';

/**
 * A new folder for one verification's files. Its name says whose it is: verifications need no lease, so several
 * may be under way, and what one that was killed has left is removed by the next.
 */
export async function verifyScratch(scratch: string, label: string): Promise<string> {
  await removeAbandoned(scratch);
  const { host, pid, processStart = '' } = await ownMark();
  const name = ['verify', encodeURIComponent(host), pid, processStart, label].join('~');
  return await stateFolder(scratch, name);
}

async function removeAbandoned(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    const [kind, host = '', pid = '', processStart = ''] = name.split('~');
    if (kind !== 'verify' || decodeURIComponent(host) !== hostname()) continue;
    const mark = { host, pid: Number(pid), ...(processStart === '' ? {} : { processStart }) };
    if (!(await isRunning(mark))) await rm(join(scratch, name), { recursive: true, force: true });
  }
}
