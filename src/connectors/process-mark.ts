import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/** A process, so that another one can tell whether it is alive. */
export interface ProcessMark {
  readonly host: string;
  readonly pid: number;
  /** When the process with this pid began, by the kernel's clock; absent where the kernel does not tell. */
  readonly processStart?: string;
}

export async function ownMark(): Promise<ProcessMark> {
  const processStart = await startOf(process.pid);
  const mark = { host: hostname(), pid: process.pid };
  return processStart === undefined ? mark : { ...mark, processStart };
}

/** Of a process on this machine. */
export async function isRunning({ pid, processStart }: ProcessMark): Promise<boolean> {
  if (!processExists(pid)) return false;
  return processStart === undefined || processStart === (await startOf(pid));
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Linux tells when a process began (proc(5): field 22 of stat), so that a reused pid is not taken for its old
 * holder. A dead process that nobody has waited for yet (state Z) has no start any more.
 */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
