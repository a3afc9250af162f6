import type { RunKeys } from '../connectors/run-keys.js';
import { SluiceError } from '../errors.js';
import type { Log, Logs } from './state.js';

/** Keys are kept under the names of run and copy, with a point between them. No run's name has one. */
const nameOf = (run: string, copy: string) => `${run}.${copy}`;
const isOfRun = (name: string, run: string) => name.startsWith(nameOf(run, ''));
const isOfCopy = (name: string, copy: string) => name.slice(name.indexOf('.') + 1) === copy;

/** One record for each batch, in base64; the first one holds none, and says that there is a log. */
interface KeyRecord {
  readonly keys: string;
}

/** The keys that came in one run of one copy. Each process adds to a stream of its own, and reads those of all. */
export class KeyLog implements RunKeys {
  readonly #logs: Logs;
  readonly #copy: string;
  readonly #name: string;
  #log: Promise<Log> | undefined;
  #isThere = false;

  constructor(logs: Logs, run: string, copy: string) {
    this.#logs = logs;
    this.#copy = copy;
    this.#name = nameOf(run, copy);
  }

  async begin(): Promise<void> {
    await this.close();
    await removeAll(this.#logs, (name) => isOfCopy(name, this.#copy));
    await this.#logs.create(this.#name, [{ keys: '' } satisfies KeyRecord]);
    this.#isThere = true;
  }

  async resume(): Promise<void> {
    this.#isThere = (await this.#logs.names()).includes(this.#name);
    if (this.#isThere) return;
    const message =
      'the keys that came before the run was interrupted are no longer in its state, so that it cannot go on';
    throw new SluiceError('state_unusable', message, { hint: 'begin a new run with --fresh' });
  }

  async add(digests: Buffer): Promise<void> {
    if (digests.length === 0) return;
    this.#log ??= this.#logs.addBeside(this.#name);
    const log = await this.#log;
    await log.add({ keys: digests.toString('base64') } satisfies KeyRecord);
  }

  async *all(): AsyncGenerator<Buffer> {
    for await (const record of this.#logs.each(this.#name)) {
      yield Buffer.from((record as KeyRecord).keys, 'base64');
    }
  }

  /** Once the copy is recorded as complete: before that it may finish once more. */
  async forget(): Promise<void> {
    if (this.#isThere) await this.#logs.remove(this.#name);
    this.#isThere = false;
  }

  async close(): Promise<void> {
    const log = await this.#log?.catch(() => undefined); // whoever added has had the error
    this.#log = undefined;
    await log?.close();
  }
}

/** Forgets what a run has kept, of all its copies. */
export async function forgetKeys(logs: Logs, run: string): Promise<void> {
  await removeAll(logs, (name) => isOfRun(name, run));
}

async function removeAll(logs: Logs, isGone: (name: string) => boolean): Promise<void> {
  for (const name of await logs.names()) if (isGone(name)) await logs.remove(name);
}
