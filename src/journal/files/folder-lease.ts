import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isRunning, ownMark, type ProcessMark } from '../../connectors/process-mark.js';
import { SluiceError } from '../../errors.js';
import type { Lease } from '../state.js';

/** Who may run a pipeline; the file's whole content. */
interface Holder extends ProcessMark {
  readonly run: string;
  /** Rises with each holder: an older one that comes back to life sees that it is not its turn any more. */
  readonly fence: number;
  readonly owner: string;
}

const HEARTBEAT_MS = 10_000;
/** A holder on another machine is taken for dead after this long without a heartbeat. */
const DEAD_AFTER_MS = 60_000;

/**
 * The lease of a pipeline: one run at a time. A holder on this machine is dead when its process is; one on
 * another (a shared folder) when its heartbeats stop. Every record of the journal checks the fence.
 */
export class FolderLease implements Lease {
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
  static async take(folder: string): Promise<FolderLease> {
    const path = join(folder, 'lease.json');
    const current = await readHolder(path);
    if (current && (await isAlive(path, current))) throw locked(current);
    const fence = (current?.fence ?? 0) + 1;
    const holder: Holder = { run: '', fence, owner: randomBytes(8).toString('hex'), ...(await ownMark()) };
    await writeHolder(path, holder);
    const lease = new FolderLease(path, holder);
    await lease.check();
    await removeUnfinished(folder);
    return lease;
  }

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

/** What processes that were killed between writing and renaming have left. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('lease.json.')) continue;
    const path = join(folder, name);
    const written = await stat(path).catch(() => undefined); // it may have been renamed meanwhile
    if (written && Date.now() - written.mtimeMs > DEAD_AFTER_MS) await rm(path, { force: true });
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
  return await isRunning(holder);
}
