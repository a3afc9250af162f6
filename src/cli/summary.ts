import { zeroCounters } from '../engine/counters.js';
import type { CopyOutcome, RunOutcome } from '../flow/run.js';
import { exitStatus } from './exit-status.js';
import { bytesText, count, durationText, table } from './text.js';

/** How a run ended, in one word. */
export type Outcome = 'complete' | 'rejects' | 'stopped' | 'interrupted';

/** A line of the summary: one copy. */
interface StepSummary {
  readonly name: string;
  readonly outcome: CopyOutcome['outcome'];
  readonly read: number;
  readonly written: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly deleted: number;
  readonly bytes: number;
  readonly units: number;
  readonly seconds: number;
  readonly consistency?: string;
}

export function overallOutcome(outcomes: RunOutcome, interrupted: boolean): Outcome {
  if (interrupted) return 'interrupted';
  const all = [...outcomes.values()];
  if (all.some((outcome) => outcome.outcome !== 'complete')) return 'stopped';
  const rejected = all.some((outcome) => outcome.outcome === 'complete' && outcome.result.rejected > 0);
  return rejected ? 'rejects' : 'complete';
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
  outcomes: RunOutcome,
): object {
  return { event: 'summary', pipeline, run, outcome, steps: stepSummaries(outcomes) };
}

/** The same for people: a table, and what a reader may want next. */
export function summaryText(run: string, outcome: Outcome, outcomes: RunOutcome): string {
  const rows = stepSummaries(outcomes).map((step) => [
    step.name,
    step.outcome,
    count(step.read),
    count(step.written),
    count(step.unchanged),
    count(step.rejected),
    count(step.deleted),
    bytesText(step.bytes),
    durationText(step.seconds),
    step.seconds > 0 ? count(step.read / step.seconds) : '',
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
  return [...table(header, rows, right), `run ${run}: ${outcome}`].join('\n');
}

function stepSummaries(outcomes: RunOutcome): StepSummary[] {
  return [...outcomes].map(([name, outcome]) => {
    if (outcome.outcome === 'complete') {
      const { read, written, unchanged, rejected, deleted, bytes, units, seconds, consistency } =
        outcome.result;
      const rounded = Math.round(seconds * 1000) / 1000;
      return {
        name,
        outcome: 'complete',
        read,
        written,
        unchanged,
        rejected,
        deleted,
        bytes,
        units,
        seconds: rounded,
        consistency,
      };
    }
    const counters = { ...zeroCounters(), ...outcome.counters };
    return {
      name,
      outcome: outcome.outcome,
      ...counters,
      deleted: 0,
      seconds: Math.round(outcome.seconds * 1000) / 1000,
    };
  });
}
