import type { Declaration, NamedStep, Step } from '../../declare/declaration.js';
import { innerSteps } from '../../declare/declaration.js';
import { addCounters, type Counters, zeroCounters } from '../../engine/counters.js';
import type { ExportPoint } from '../../engine/export/export-journal.js';
import { type ExportProgress, zeroProgress } from '../../engine/export/export-run.js';
import { countsOf, type StepPast } from '../../engine/journal.js';
import { type ErrorCode, errorCodes, SluiceError } from '../../errors.js';
import type { StepValues } from '../../expression/values.js';
import { completeMove, movesRows, type Observer, plainEnd, type StepEnd } from '../../flow/outcome.js';
import type { FlowPast } from '../../journal/flow-records.js';
import type { RunHistory } from '../../journal/runs.js';

/** What is shown of a step that is under way: it changes in place. */
interface Followed {
  readonly counters: Counters;
  readonly export: ExportProgress;
}

/** Tells of a run that goes on elsewhere what its journal says, as if it went on here. */
export class JournalProgress {
  readonly #observer: Observer;
  readonly #kinds: ReadonlyMap<string, StepEnd['kind']>;
  readonly #followed = new Map<string, Followed>();
  readonly #attempts = new Map<string, number>();
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
        this.#followed.delete(name);
      }
      this.#follow(name, history, end !== undefined);
      if (end === undefined) continue;
      this.ends.set(name, end);
      this.#observer.ended(name, end);
    }
  }

  #follow(name: string, { steps, flow }: RunHistory, isEnded: boolean): void {
    const past = steps.get(name);
    const known = this.#followed.get(name);
    if (known) {
      Object.assign(known.counters, countsOf(past));
      Object.assign(known.export, stageOf(past?.exported));
      return;
    }
    const { until, ended } = flow.get(name) ?? {};
    if (ended?.outcome === 'skipped') return;
    if (until !== undefined) {
      this.#followed.set(name, { counters: zeroCounters(), export: zeroProgress() });
      this.#observer.waiting(name, new Date(until));
      return;
    }
    const kind = this.#kindOf(name);
    // Its parts are not decided yet, or it is several copies, which have names of their own.
    if (kind === 'copy' && past?.parts === undefined && !isEnded) return;
    this.#start(name, kind, past);
  }

  #start(name: string, kind: StepEnd['kind'], past: StepPast | undefined): void {
    const counters = zeroCounters();
    addCounters(counters, countsOf(past));
    const progress = { ...zeroProgress(), ...stageOf(past?.exported) };
    this.#followed.set(name, { counters, export: progress });
    const attempt = (this.#attempts.get(name) ?? 0) + 1;
    this.#attempts.set(name, attempt);
    const { rows, begun } = past ?? {};
    this.#observer.started(name, counters, {
      attempt,
      ...(rows === undefined ? {} : { rows }),
      ...(begun === undefined ? {} : { begun: new Date(begun) }),
      ...(kind === 'export' ? { export: progress } : {}),
    });
  }

  #kindOf(name: string): StepEnd['kind'] {
    return this.#kinds.get(name) ?? this.#kinds.get(name.split('.')[0] ?? '') ?? 'copy';
  }

  #endOf(name: string, history: RunHistory): StepEnd | undefined {
    const kind = this.#kindOf(name);
    const past = history.steps.get(name);
    const flow = history.flow.get(name) ?? {};
    if (past?.result && movesRows({ kind })) {
      return completeMove(kind as 'copy' | 'replicate' | 'export', past.result);
    }
    if (flow.failed) return failedEnd(kind, flow.failed, countsOf(past), history);
    return plainEndOf(kind, flow);
  }
}

function plainEndOf(kind: StepEnd['kind'], { ended }: FlowPast): StepEnd | undefined {
  if (!ended) return undefined;
  const { outcome, seconds, output } = ended;
  const skipped = outcome === 'skipped' ? 'skipped' : 'complete';
  return plainEnd(kind, skipped, { seconds, ...(output === undefined ? {} : { output }) });
}

/** What an export has come to; how much of it RDS has done is not in the journal. */
function stageOf(point: ExportPoint | undefined): Partial<ExportProgress> {
  const { snapshot, export: task, published } = point ?? {};
  if (published) return { stage: 'removes the old', name: published.export };
  if (task !== undefined) return { stage: 'export', name: task };
  return snapshot ? { stage: 'snapshot', name: snapshot.name } : {};
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
