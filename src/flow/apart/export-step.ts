import { isExportPlan } from '../../engine/export/export-plan.js';
import { zeroProgress } from '../../engine/export/export-run.js';
import { runExport } from '../../engine/export/run-export.js';
import type { StepValues } from '../../expression/values.js';
import { unrefused } from '../move.js';
import { completeMove, valuesOf } from '../outcome.js';
import { closeExport, type PreparedExport, prepareExport } from '../plan-export.js';
import { type Handed, HandedOver, handing } from './handed-exporter.js';
import { namedStep } from './named-step.js';
import { type Apart, type Joined, joinRun, noSuchStep } from './open-apart.js';

/** What comes next of an export: something that somebody else does, a wait, or nothing. */
export type ExportAnswer =
  | Handed
  | { readonly next: 'wait'; readonly name: ''; readonly source: '' }
  | { readonly next: 'done'; readonly name: ''; readonly source: ''; readonly values: StepValues };

export interface ExportAsked {
  readonly run: string;
  readonly step: string;
  /** What RDS said against the call before, as Step Functions tells it. */
  readonly refused?: { readonly Error?: string; readonly Cause?: string };
  /** A line for people. */
  said(line: string): void;
}

/**
 * Does of an export all that needs no waiting: notes names before anything is called so, checks what is complete, publishes it and
 * removes the old. Begins nothing in RDS and waits for nothing there: it says what is to be begun or waited for.
 */
export async function exportStep(apart: Apart, asked: ExportAsked): Promise<ExportAnswer> {
  const step = namedStep(apart, asked.step);
  if (step.kind !== 'export') throw noSuchStep(asked.step);
  const joined = await joinRun(apart, asked.run, step.name);
  try {
    const { result } = joined.journal.step(step.name).past;
    if (result) return done(completeMove('export', result));
    const prepared = await prepareExport(joined.world, step);
    try {
      return await goOn(joined, prepared, asked, apart.signal);
    } finally {
      await closeExport(prepared);
    }
  } finally {
    await joined.close();
  }
}

async function goOn(
  { world, journal }: Joined,
  { name, planned }: PreparedExport,
  { refused, said }: ExportAsked,
  stop: AbortSignal,
): Promise<ExportAnswer> {
  const plan = unrefused(name, planned, isExportPlan);
  const { Error: native, Cause: message = '' } = refused ?? {};
  const meaning = native === undefined ? 'taken' : plan.exporter.refused({ name: native, message });
  if (meaning !== 'taken') {
    said(`waiting: ${meaning.busy}`);
    return { next: 'wait', name: '', source: '' };
  }
  const progress = zeroProgress();
  const { exporter, clock } = handing(plan.exporter, progress);
  try {
    const result = await runExport(
      { ...plan, exporter },
      {
        run: world.run,
        pipeline: world.declaration.pipeline,
        firingTime: world.firing.time,
        journal: journal.exported(name),
        progress,
        stop,
        clock,
        guard: () => journal.guard.check(),
        said,
      },
    );
    return done(completeMove('export', result));
  } catch (error) {
    if (error instanceof HandedOver) return error.handed;
    throw error;
  }
}

function done(end: ReturnType<typeof completeMove>): ExportAnswer {
  return { next: 'done', name: '', source: '', values: valuesOf([end]) };
}
