import type { RejectRecord, RejectSettled, RejectStore } from '../engine/rejects.js';
import { readRejects } from './read-rejects.js';
import type { Guard, Log, PipelineState } from './state.js';

/** The rejects of one copy of one run: a log that is made at the first of them. It holds rows (invariant 8). */
export class RejectLog implements RejectStore {
  readonly #state: Pick<PipelineState, 'rejects'>;
  readonly #of: RejectsOf;
  readonly #guard: Guard;
  readonly #worker: string | undefined;
  #log: Promise<Log> | undefined;

  /** `worker`: one of several processes that write them. */
  constructor(
    state: Pick<PipelineState, 'rejects'>,
    { run, step }: RejectsOf,
    guard: Guard,
    worker?: string,
  ) {
    this.#state = state;
    this.#of = { run, step };
    this.#guard = guard;
    this.#worker = worker;
  }

  async add(lines: readonly (RejectRecord | RejectSettled)[]): Promise<void> {
    this.#log ??= this.#open();
    const log = await this.#log;
    await Promise.all(lines.map((line) => log.add(line)));
  }

  async #open(): Promise<Log> {
    const { run, step } = this.#of;
    const logs = this.#state.rejects(run);
    const opened =
      this.#worker === undefined
        ? await logs.open(step, this.#guard)
        : await logs.openBeside(step, this.#worker);
    return opened.log;
  }

  async open(tokens: ReadonlySet<string>): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
    if (tokens.size === 0) return new Map();
    const { records } = await readRejects(this.#state, this.#of.run, this.#of.step);
    const open = new Map<string, Set<number>>();
    for (const { token, index } of records) {
      if (!tokens.has(token)) continue;
      const rows = open.get(token);
      if (rows) rows.add(index);
      else open.set(token, new Set([index]));
    }
    return open;
  }

  async close(): Promise<void> {
    const log = await this.#log?.catch(() => undefined); // whoever added has had the error
    this.#log = undefined;
    await log?.close();
  }
}

/** Whose rejects: `step` is the copy's name. */
export interface RejectsOf {
  readonly run: string;
  readonly step: string;
}
