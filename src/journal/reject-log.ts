import type { RejectRecord, RejectSettled } from '../engine/rejects.js';
import type { LoadRejects } from '../engine/replicate/replicate-run.js';
import { readRejects } from './read-rejects.js';
import type { Guard, Log, PipelineState } from './state.js';

/** The rejects of one copy of one run: a log that is made at the first of them. It holds rows (invariant 8). */
export class RejectLog implements LoadRejects {
  readonly #state: Pick<PipelineState, 'rejects'>;
  readonly #of: RejectsOf;
  readonly #guard: Guard;
  #log: Promise<Log> | undefined;

  constructor(state: Pick<PipelineState, 'rejects'>, { run, step }: RejectsOf, guard: Guard) {
    this.#state = state;
    this.#of = { run, step };
    this.#guard = guard;
  }

  async add(lines: readonly (RejectRecord | RejectSettled)[]): Promise<void> {
    const { run, step } = this.#of;
    this.#log ??= this.#state
      .rejects(run)
      .open(step, this.#guard)
      .then(({ log }) => log);
    const log = await this.#log;
    await Promise.all(lines.map((line) => log.add(line)));
  }

  /** The numbers of the rows of a batch that are rejects and not settled. */
  async open(token: string): Promise<ReadonlySet<number>> {
    const { records } = await readRejects(this.#state, this.#of.run, this.#of.step);
    return new Set(records.filter((record) => record.token === token).map(({ index }) => index));
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
