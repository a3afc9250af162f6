import { SluiceError } from '../../errors.js';
import type { ExportPoint } from './export-journal.js';
import { exportName } from './export-name.js';
import type { ExportPlan } from './export-plan.js';
import type { ExportRun } from './export-run.js';
import { type Patience, poll } from './wait.js';

/** More names than this that others have are no accident. */
const MAX_NAMES = 5;
/** So often in turn a snapshot that was begun may not be found before it counts as gone. */
const MAX_UNSEEN = 5;

/** From a name to a snapshot that is available. */
export async function takeSnapshot(
  plan: ExportPlan,
  run: ExportRun,
  patience: Patience,
  from: ExportPoint,
): Promise<ExportPoint> {
  if (from.snapshot?.taken) return from;
  const { progress } = run;
  progress.stage = 'snapshot';
  progress.percent = 0;
  const begun = await beginSnapshot(plan, run, patience, from);
  return await available(plan, run, patience, begun);
}

/** The name is noted before RDS is asked: what is found under it after a kill is this run's. */
async function beginSnapshot(
  { step, exporter }: ExportPlan,
  run: ExportRun,
  patience: Patience,
  from: ExportPoint,
): Promise<ExportPoint & { readonly snapshot: { readonly name: string } }> {
  let point = from;
  for (let names = 0; names < MAX_NAMES; names++) {
    const name = point.snapshot?.name ?? exportName(step.name, run.firingTime, point.used);
    const named = { ...point, snapshot: { name } };
    await run.journal.note(named);
    run.progress.name = name;
    const begun = await untilBegun(run, patience, `no snapshot could be begun`, () =>
      exporter.takeSnapshot(name),
    );
    if (begun === 'begun') return named;
    const { snapshot: _taken, ...rest } = point;
    point = { ...rest, used: [...point.used, name] };
  }
  throw noName('snapshot', point.used);
}

/** Asks until it is no longer too busy. */
export async function untilBegun(
  run: ExportRun,
  patience: Patience,
  what: string,
  begin: () => Promise<'begun' | 'taken' | { readonly busy: string }>,
): Promise<'begun' | 'taken'> {
  let told = '';
  return await poll(run, patience, what, async () => {
    await run.guard();
    const begun = await begin();
    if (typeof begun === 'string') return begun;
    if (begun.busy !== told) run.said(`waiting: ${begun.busy}`);
    told = begun.busy;
    return undefined;
  });
}

async function available(
  { exporter }: ExportPlan,
  run: ExportRun,
  patience: Patience,
  point: ExportPoint & { readonly snapshot: { readonly name: string } },
): Promise<ExportPoint> {
  const { name } = point.snapshot;
  let unseen = 0;
  const state = await poll(run, patience, `the snapshot ${name} was not available`, async () => {
    const now = await exporter.snapshot(name);
    if (now.kind === 'creating') run.progress.percent = now.percent;
    unseen = now.kind === 'none' ? unseen + 1 : 0;
    const waits = now.kind === 'creating' || (now.kind === 'none' && unseen < MAX_UNSEEN);
    return waits ? undefined : now;
  });
  if (state.kind === 'available') {
    const { arn, takenAt } = state;
    const taken = { ...point, snapshot: { name, taken: { arn, takenAt } } };
    await run.journal.note(taken);
    return taken;
  }
  const { snapshot: _failed, ...rest } = point;
  await run.journal.note({ ...rest, used: [...point.used, name] });
  const why = state.kind === 'failed' ? state.cause : 'somebody has removed it';
  throw new SluiceError('snapshot_failed', `the snapshot ${name} failed: ${why}`, {
    hint: 'run again: another is taken; the export before it stays until the new one is checked',
    retry: 'later',
  });
}

export function noName(what: 'snapshot' | 'export', used: readonly string[]): SluiceError {
  return new SluiceError('name_taken', `others have ${what}s with the names ${used.join(', ')}`, {
    hint: 'give the step another name: names of snapshots and exports begin with it',
  });
}
