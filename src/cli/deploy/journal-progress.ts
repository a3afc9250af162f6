import type { Declaration, NamedStep, Step } from '../../declare/declaration.js';
import { innerSteps } from '../../declare/declaration.js';
import { addCounters, type Counters, zeroCounters } from '../../engine/counters.js';
import { countsOf } from '../../engine/journal.js';
import { type ErrorCode, errorCodes, SluiceError } from '../../errors.js';
import type { StepValues } from '../../expression/values.js';
import { completeMove, type Observer, plainEnd, type StepEnd } from '../../flow/outcome.js';
import type { RunHistory } from '../../journal/runs.js';

/** Tells of a run that goes on elsewhere what its journal says, as if it went on here. */
export class JournalProgress {
  readonly #observer: Observer;
  readonly #kinds: ReadonlyMap<string, StepEnd['kind']>;
  readonly #counters = new Map<string, Counters>();
  readonly ends = new Map<string, StepEnd>();

  constructor(declaration: Declaration, observer: Observer) {
    this.#observer = observer;
    this.#kinds = new Map(namedSteps(declaration.steps).map((step) => [step.name, step.kind]));
  }

  /** What is new since the last look. */
  see(history: RunHistory): void {
    for (const name of new Set([...history.steps.keys(), ...history.flow.keys()])) {
      const known = this.ends.get(name);
      const end = this.#endOf(name, history);
      // A step that failed may be tried again.
      if (known !== undefined && end !== undefined && known.outcome === end.outcome) continue;
      if (known !== undefined) {
        this.ends.delete(name);
        this.#counters.delete(name);
      }
      this.#follow(name, history);
      if (end === undefined) continue;
      this.ends.set(name, end);
      this.#observer.ended(name, end);
    }
  }

  #follow(name: string, history: RunHistory): void {
    const counts = countsOf(history.steps.get(name));
    const known = this.#counters.get(name);
    if (known) {
      Object.assign(known, counts);
      return;
    }
    const counters = zeroCounters();
    addCounters(counters, counts);
    this.#counters.set(name, counters);
    const { until, ended } = history.flow.get(name) ?? {};
    if (ended?.outcome === 'skipped') return;
    if (until !== undefined) this.#observer.waiting(name, new Date(until));
    else this.#observer.started(name, counters, { attempt: 1 });
  }

  #endOf(name: string, history: RunHistory): StepEnd | undefined {
    const kind = this.#kinds.get(name) ?? this.#kinds.get(name.split('.')[0] ?? '') ?? 'copy';
    const past = history.steps.get(name);
    const { ended, failed } = history.flow.get(name) ?? {};
    const moves = kind === 'copy' || kind === 'replicate' || kind === 'export';
    if (past?.result && moves) return completeMove(kind, past.result);
    if (failed) return failedEnd(kind, failed, countsOf(past), history);
    if (!ended) return undefined;
    const { outcome, seconds, output } = ended;
    const skipped = outcome === 'skipped' ? 'skipped' : 'complete';
    return plainEnd(kind, skipped, { seconds, ...(output === undefined ? {} : { output }) });
  }
}

function failedEnd(
  kind: StepEnd['kind'],
  { error, seconds }: StepValues,
  counters: Readonly<Counters>,
  { end }: RunHistory,
): StepEnd {
  const code = error?.code ?? 'server_error';
  const known: ErrorCode = Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'server_error';
  const reason = new SluiceError(known, error?.message ?? code);
  const failed: StepEnd = { ...plainEnd(kind, 'failed', { seconds, error: reason }), counters };
  return end === 'failures' ? { ...failed, handled: true } : failed;
}

function namedSteps(steps: readonly Step[]): readonly NamedStep[] {
  return steps.flatMap((step) => [
    ...(step.kind === 'parallel' ? [] : [step]),
    ...namedSteps(innerSteps(step)),
  ]);
}
