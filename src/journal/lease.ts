import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SluiceError } from '../errors.js';

/** Who may run a pipeline; the file's whole content. */
interface Holder {
  readonly run: string;
  /** Rises with each holder: an older one that comes back to life sees that it is not its turn any more. */
  readonly fence: number;
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  /** When the process with this pid began, by the kernel's clock; absent where the kernel does not tell. */
  readonly processStart?: string;
}

const HEARTBEAT_MS = 10_000;
/** A holder on another machine is taken for dead after this long without a heartbeat. */
const DEAD_AFTER_MS = 60_000;

/**
 * The lease of a pipeline: one run at a time. A holder on this machine is dead when its process is; one on
 * another (a shared folder) when its heartbeats stop. Every record of the journal checks the fence.
 */
export class Lease {
  readonly #path: string;
  #holder: Holder;
  readonly #heartbeat: NodeJS.Timeout;

  private constructor(path: string, holder: Holder) {
    this.#path = path;
    this.#holder = holder;
    this.#heartbeat = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => undefined);
    }, HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** Takes the lease in `folder`, or throws `run_locked` with the run that holds it. */
  static async take(folder: string): Promise<Lease> {
    const path = join(folder, 'lease.json');
    const current = await readHolder(path);
    if (current && (await isAlive(path, current))) throw locked(current);
    const processStart = await startOf(process.pid);
    const holder: Holder = {
      run: '',
      fence: (current?.fence ?? 0) + 1,
      owner: randomBytes(8).toString('hex'),
      host: hostname(),
      pid: process.pid,
      ...(processStart === undefined ? {} : { processStart }),
    };
    await writeHolder(path, holder);
    const lease = new Lease(path, holder);
    await lease.check();
    return lease;
  }

  /** Says which run holds it, for whoever finds it taken. */
  async name(run: string): Promise<void> {
    await this.check();
    this.#holder = { ...this.#holder, run };
    await writeHolder(this.#path, this.#holder);
  }

  /** Throws `run_locked` if another run has taken over. */
  async check(): Promise<void> {
    const current = await readHolder(this.#path);
    if (current?.owner !== this.#holder.owner) throw locked(current);
  }

  /** Gives the lease back if it is still ours. The fence stays in the file's place only while it is held. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    const current = await readHolder(this.#path);
    if (current?.owner === this.#holder.owner) await rm(this.#path, { force: true });
  }
}

/** In one step: nobody sees half of it. */
async function writeHolder(path: string, holder: Holder): Promise<void> {
  const fresh = `${path}.${holder.owner}`;
  try {
    await writeFile(fresh, JSON.stringify(holder), { mode: 0o600, flag: 'wx' });
    await rename(fresh, path);
  } catch (cause) {
    await rm(fresh, { force: true });
    const reason = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new SluiceError('state_unusable', `the lease ${path} cannot be written${reason}`, {
      hint: 'free space, or name another folder with --state',
      cause,
    });
  }
}

function locked(holder: Holder | undefined): SluiceError {
  const who = holder
    ? `${holder.run === '' ? 'another run' : `run ${holder.run}`} (process ${holder.pid} on ${holder.host})`
    : 'another run';
  return new SluiceError('run_locked', `${who} is running this pipeline`, {
    hint: 'wait for it with --wait, or stop it first',
  });
}

async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new SluiceError('state_unusable', `the lease ${path} cannot be read`, { cause: error });
  }
  try {
    return JSON.parse(text) as Holder;
  } catch (error) {
    throw new SluiceError('state_unusable', `the lease ${path} is damaged`, {
      hint: 'remove it if no run of this pipeline is alive',
      cause: error,
    });
  }
}

async function isAlive(path: string, holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return Date.now() - (await stat(path)).mtimeMs < DEAD_AFTER_MS;
  if (!processExists(holder.pid)) return false;
  return holder.processStart === undefined || holder.processStart === (await startOf(holder.pid));
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
