import type { Counters } from '../engine/counters.js';
import { movesRows, outcomeWord, type StepEnd } from '../flow/outcome.js';
import type { RunOutcome } from '../flow/run.js';
import type { DriftReport } from '../transform/drift.js';
import { driftLines } from './drift-text.js';
import { exitStatus } from './exit-status.js';
import { bytesText, count, durationText, table } from './text.js';

/** How a run ended, in one word. `failures`: `onFailure` took care of all that failed. */
export type Outcome = 'complete' | 'rejects' | 'failures' | 'stopped' | 'interrupted';

/** A line of the summary: one step; of a copy step with `tables`, one of its copies. */
interface StepSummary extends Counters {
  readonly name: string;
  readonly kind: StepEnd['kind'];
  readonly outcome: string;
  readonly deleted: number;
  readonly seconds: number;
  readonly consistency?: string;
  /** Where the step parses or checks. */
  readonly drift?: DriftReport;
  /** Of an export: what it has published. */
  readonly output?: unknown;
}

type Ends = RunOutcome['ends'];

export function overallOutcome({ ending, ends }: RunOutcome, interrupted: boolean): Outcome {
  if (interrupted) return 'interrupted';
  if (ending.outcome !== 'complete') return 'stopped';
  const all = [...ends.values()];
  if (all.some(({ handled }) => handled)) return 'failures';
  return all.some(({ counters }) => counters.rejected > 0) ? 'rejects' : 'complete';
}

export function statusOf(outcome: Outcome | 'refused', signalStatus: number | undefined): number {
  if (outcome === 'interrupted') return signalStatus ?? exitStatus.stopped;
  return exitStatus[outcome];
}

/** The last line of `--json` (DESIGN: a contract). */
export function summaryEvent(
  pipeline: string,
  run: string,
  outcome: Outcome | 'refused',
  ends: Ends,
): object {
  return { event: 'summary', pipeline, run, outcome, steps: stepSummaries(ends) };
}

/** The same for people: a table, and what a reader may want next. */
export function summaryText(run: string, outcome: Outcome, ends: Ends): string {
  const steps = stepSummaries(ends);
  const rows = steps.map((step) => [
    step.name,
    step.outcome,
    ...(movesRows(step) ? countTexts(step) : ['', '', '', '', '', '']),
    durationText(step.seconds),
    movesRows(step) && step.seconds > 0 ? count(step.read / step.seconds) : '',
    step.consistency ?? '',
  ]);
  const header = [
    'step',
    'outcome',
    'read',
    'written',
    'unchanged',
    'rejected',
    'deleted',
    'bytes',
    'time',
    'rows/s',
    'read from',
  ];
  const right = new Set([2, 3, 4, 5, 6, 7, 8, 9]);
  const drift = steps.flatMap(({ name, drift: report }) => (report ? driftLines(name, report) : []));
  return [...table(header, rows, right), ...drift, `run ${run}: ${outcome}`].join('\n');
}

function countTexts({ read, written, unchanged, rejected, deleted, bytes }: StepSummary): string[] {
  return [...[read, written, unchanged, rejected, deleted].map(count), bytesText(bytes)];
}

function stepSummaries(ends: Ends): StepSummary[] {
  return [...ends].map(([name, end]) => {
    const { kind, counters, deleted, seconds, consistency, drift, output } = end;
    return {
      name,
      kind,
      outcome: outcomeWord(end),
      ...counters,
      deleted,
      seconds: Math.round(seconds * 1000) / 1000,
      ...(consistency === undefined ? {} : { consistency }),
      ...(drift && { drift }),
      ...(kind === 'export' && output !== undefined ? { output } : {}),
    };
  });
}
