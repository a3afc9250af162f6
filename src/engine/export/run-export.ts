import { SluiceError } from '../../errors.js';
import { type Counters, zeroCounters } from '../counters.js';
import type { StepResult } from '../journal.js';
import { secondsSince } from '../seconds-since.js';
import { type CheckedExport, checkExport } from './check-export.js';

import type { ExportPoint, PublishedExport } from './export-journal.js';
import type { ExportPlan } from './export-plan.js';
import type { ExportRun } from './export-run.js';
import { type CompleteExport, exportSnapshot, giveUpExport } from './export-snapshot.js';
import { publishExport } from './publish-export.js';
import { removeOld } from './remove-old.js';
import { takeSnapshot } from './take-snapshot.js';
import { patienceOf } from './wait.js';

/**
 * Snapshot, export, check, publish, and only then away with what the new export has replaced (invariant 6). Each stage is noted in the
 * journal, and can be begun again: after a kill the run goes on behind the last one.
 */
export async function runExport(plan: ExportPlan, run: ExportRun): Promise<StepResult> {
  const { journal, progress } = run;
  const { past } = journal;
  const { published, begun } = isPublished(past) ? past : await exportAndPublish(plan, run);
  progress.stage = 'removes the old';
  await removeOld(plan, run, published);
  const result = resultOf(published, secondsSince(begun));
  await journal.complete(result);
  return result;
}

type Published = ExportPoint & { readonly published: PublishedExport };

function isPublished(point: ExportPoint | undefined): point is Published {
  return point?.published !== undefined;
}

async function exportAndPublish(plan: ExportPlan, run: ExportRun): Promise<Published> {
  const patience = patienceOf(run, plan.step);
  const begun = run.journal.past ?? (await begin(plan));
  const taken = plan.step.direct ? begun : await takeSnapshot(plan, run, patience, begun);
  const complete = await exportSnapshot(plan, run, patience, taken);
  const checked = await check(plan, run, complete);
  run.progress.stage = 'publishes';
  await publishExport(plan, run, complete, checked);
  const point = { ...complete.point, published: publishedOf(complete, checked) };
  await run.journal.note(point);
  return point;
}

async function begin({ count }: ExportPlan): Promise<ExportPoint> {
  const begun = new Date().toISOString();
  return { begun, used: [], ...(count === undefined ? {} : { expected: (await count()).tables }) };
}

/** What fails the check is exported again, under another name. */
async function check(plan: ExportPlan, run: ExportRun, complete: CompleteExport): Promise<CheckedExport> {
  run.progress.stage = 'checks';
  try {
    return await checkExport(plan, complete, (await plan.count?.())?.tables);
  } catch (error) {
    if (isIncomplete(error)) await giveUpExport(run, complete.point);
    throw error;
  }
}

function isIncomplete(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'export_incomplete';
}

function publishedOf({ point, asOf }: CompleteExport, { tables, skipped }: CheckedExport): PublishedExport {
  const files = tables.flatMap((table) => table.files);
  return {
    export: point.export,
    snapshot: point.snapshot?.name ?? null,
    asOf,
    tables: tables.length,
    files: files.length,
    rows: tables.reduce((sum, { rows = 0 }) => sum + rows, 0),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    skipped,
  };
}

/** Every row that RDS wrote was read by it: there are no others, and no rejects. */
function resultOf(published: PublishedExport, seconds: number): StepResult {
  const { rows, bytes, snapshot, asOf } = published;
  const counts: Counters = { ...zeroCounters(), read: rows, written: rows, bytes };
  const what = snapshot === null ? 'the cluster itself' : `snapshot ${snapshot}`;
  return { ...counts, deleted: 0, seconds, consistency: `${what}, as of ${asOf}`, output: published };
}
