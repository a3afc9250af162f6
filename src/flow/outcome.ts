import { type Counters, zeroCounters } from '../engine/counters.js';
import type { ExportProgress } from '../engine/export/export-run.js';
import type { StepResult } from '../engine/journal.js';
import type { Lag } from '../engine/replicate/replicate-run.js';
import { SluiceError } from '../errors.js';
import type { NamedStepKind } from '../expression/fields.js';
import type { StepValues } from '../expression/values.js';
import type { DriftReport } from '../transform/drift.js';

/** What became of one step; of a copy step with `tables`, of one of its copies. */
export interface StepEnd {
  readonly kind: NamedStepKind;
  readonly outcome: 'complete' | 'skipped' | 'failed' | 'interrupted';
  /** Nothing but zeros, unless it is a copy, a replicate or an export. */
  readonly counters: Readonly<Counters>;
  readonly deleted: number;
  readonly seconds: number;
  readonly consistency?: string;
  readonly drift?: DriftReport;
  /** Of a call that gave one, and of an export. */
  readonly output?: unknown;
  /** Why it failed or was interrupted. */
  readonly error?: unknown;
  /** It failed, and `onFailure` let the flow go on. */
  readonly handled?: true;
}

/** Is told what happens, as it happens. Counters, the lag of a replicate and how far an export is change in place: look at them when it suits. */
export interface Observer {
  started(
    name: string,
    counters: Readonly<Counters>,
    about: {
      readonly rows?: number;
      readonly attempt: number;
      /** When it began, where that was before it is told. */
      readonly begun?: Date;
      readonly lag?: Readonly<Lag>;
      readonly export?: Readonly<ExportProgress>;
    },
  ): void;
  /** It waits: because it is a wait, or before it is tried again. */
  waiting(name: string, until: Date): void;
  /** What it calls said to people: a line. */
  said(name: string, line: string): void;
  ended(name: string, end: StepEnd): void;
}

/** How a series, a branch or one of their steps ended. `complete`: what follows may run. */
export type Ending =
  | { readonly outcome: 'complete' }
  | { readonly outcome: 'failed' | 'interrupted'; readonly error: unknown };

export const completed: Ending = Object.freeze({ outcome: 'complete' });

export function endingOf({ outcome, error }: StepEnd): Ending {
  return outcome === 'failed' || outcome === 'interrupted' ? { outcome, error } : completed;
}

/** The end of a step that moves no rows. */
export function plainEnd(
  kind: NamedStepKind,
  outcome: StepEnd['outcome'],
  more: Partial<Pick<StepEnd, 'seconds' | 'output' | 'error'>> = {},
): StepEnd {
  return { kind, outcome, counters: zeroCounters(), deleted: 0, seconds: 0, ...more };
}

/** The end of a copy, replicate or export that was completed, in this attempt at the run or an earlier one. */
export function completeMove(kind: 'copy' | 'replicate' | 'export', result: StepResult): StepEnd {
  const { deleted, seconds, consistency, drift, output } = result;
  const counters = countersOf(result);
  return {
    kind,
    outcome: 'complete',
    counters,
    deleted,
    seconds,
    consistency,
    ...(drift && { drift }),
    ...(output === undefined ? {} : { output }),
  };
}

function countersOf({ read, written, unchanged, rejected, bytes, units }: Counters): Counters {
  return { read, written, unchanged, rejected, bytes, units };
}

/** One word for people, programs and conditions; undefined while it can still be gone on with. */
export function outcomeWord({ outcome, counters }: Pick<StepEnd, 'outcome' | 'counters'>): string {
  return outcome === 'complete' && counters.rejected > 0 ? 'rejects' : outcome;
}

/** It reads and writes rows, and has counts. */
export function movesRows({ kind }: Pick<StepEnd, 'kind'>): boolean {
  return kind === 'copy' || kind === 'replicate' || kind === 'export';
}

/** What expressions see of a step: the sum of its ends, which are one but for a copy step with `tables`. */
export function valuesOf(ends: readonly StepEnd[]): StepValues {
  const sum = (of: (end: StepEnd) => number) => ends.reduce((total, end) => total + of(end), 0);
  const bad = ends.find(({ outcome }) => outcome === 'failed' || outcome === 'interrupted');
  const seconds = sum((end) => end.seconds);
  const last = ends.at(-1);
  const isSkipped = last?.outcome === 'skipped';
  const rejected = sum(({ counters }) => counters.rejected);
  return {
    outcome: bad ? 'failed' : isSkipped ? 'skipped' : rejected > 0 ? 'rejects' : 'complete',
    seconds,
    ...(last &&
      movesRows(last) && {
        read: sum(({ counters }) => counters.read),
        written: sum(({ counters }) => counters.written),
        unchanged: sum(({ counters }) => counters.unchanged),
        rejected,
        deleted: sum((end) => end.deleted),
        bytes: sum(({ counters }) => counters.bytes),
      }),
    ...(last?.output === undefined ? {} : { output: last.output }),
    ...(bad ? { error: errorValues(bad.error) } : {}),
  };
}

/** Messages of our own errors hold no values (invariant 8); those of others may. */
export function errorValues(error: unknown): NonNullable<StepValues['error']> {
  if (error instanceof SluiceError) return { code: error.code, message: error.message };
  return { code: 'bug', message: 'this should not have happened' };
}

/** The end of a step in an earlier attempt at the run, as the journal has it. */
export function endAgain(kind: NamedStepKind, values: StepValues): StepEnd {
  const {
    read = 0,
    written = 0,
    unchanged = 0,
    rejected = 0,
    bytes = 0,
    deleted = 0,
    seconds,
    error,
  } = values;
  const outcome = values.outcome === 'rejects' ? 'complete' : values.outcome;
  return {
    kind,
    outcome,
    counters: { read, written, unchanged, rejected, bytes, units: 0 },
    deleted,
    seconds,
    ...(values.output === undefined ? {} : { output: values.output }),
    ...(error && { error: new SluiceError(error.code, error.message) }),
  };
}
