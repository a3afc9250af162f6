import type { ExportOrder } from '../../connectors/exporter.js';
import { SluiceError } from '../../errors.js';
import { claimExport } from './claims.js';
import type { ExportPoint } from './export-journal.js';
import { exportName } from './export-name.js';
import type { ExportPlan } from './export-plan.js';
import type { ExportRun } from './export-run.js';
import { noName, untilBegun } from './take-snapshot.js';
import { type Patience, poll } from './wait.js';

const MAX_NAMES = 5;
const MAX_UNSEEN = 5;

/** What a complete export has told of itself. */
export interface CompleteExport {
  readonly point: ExportPoint & { readonly export: string };
  readonly asOf: string;
  readonly skipped?: string;
}

/** From what is to be exported to an export that RDS calls complete. */
export async function exportSnapshot(
  plan: ExportPlan,
  run: ExportRun,
  patience: Patience,
  from: ExportPoint,
): Promise<CompleteExport> {
  const { progress } = run;
  progress.stage = 'export';
  progress.percent = 0;
  const begun = await beginExport(plan, run, patience, from);
  return await complete(plan, run, patience, begun);
}

type Named = CompleteExport['point'];

async function beginExport(
  plan: ExportPlan,
  run: ExportRun,
  patience: Patience,
  from: ExportPoint,
): Promise<Named> {
  const { exporter, step } = plan;
  const sourceArn = from.snapshot?.taken?.arn ?? plan.description.arn;
  let point = from;
  for (let names = 0; names < MAX_NAMES; names++) {
    const name = point.export ?? nextName(step.name, run, point);
    const named = { ...point, export: name };
    await run.journal.note(named);
    run.progress.name = name;
    const claimed = await claimExport(plan, run, name);
    const order: ExportOrder = { ...plan.order, name };
    const begun = claimed
      ? await untilBegun(run, patience, 'no export could be begun', () =>
          exporter.startExport(order, sourceArn),
        )
      : 'taken';
    if (begun === 'begun') return named;
    const { export: _taken, ...rest } = point;
    point = { ...rest, used: [...point.used, name] };
  }
  throw noName('export', point.used);
}

/** That of its snapshot, while no export of that name has failed. */
function nextName(prefix: string, run: ExportRun, { snapshot, used }: ExportPoint): string {
  if (snapshot && !used.includes(snapshot.name)) return snapshot.name;
  return exportName(prefix, run.firingTime, used);
}

async function complete(
  { exporter }: ExportPlan,
  run: ExportRun,
  patience: Patience,
  point: Named,
): Promise<CompleteExport> {
  const { progress } = run;
  const name = point.export;
  let unseen = 0;
  const state = await poll(run, patience, `the export ${name} was not complete`, async () => {
    const now = await exporter.export(name);
    if (now.kind === 'working')
      Object.assign(progress, { percent: now.percent, extractedGib: now.extractedGib });
    unseen = now.kind === 'none' ? unseen + 1 : 0;
    const waits = now.kind === 'working' || (now.kind === 'none' && unseen < MAX_UNSEEN);
    return waits ? undefined : now;
  });
  if (state.kind === 'complete') {
    Object.assign(progress, { percent: 100, extractedGib: state.extractedGib });
    const asOf = point.snapshot?.taken?.takenAt ?? state.asOf ?? run.firingTime;
    return { point, asOf, ...(state.skipped === undefined ? {} : { skipped: state.skipped }) };
  }
  await giveUpExport(run, point);
  const why = 'cause' in state ? state.cause : 'RDS does not know of it';
  const what = state.kind === 'canceled' ? 'was canceled' : 'failed';
  throw new SluiceError('export_failed', `the export ${name} ${what}: ${why}`, {
    hint: 'run again: the same snapshot is exported once more; the export before it stays until the new one is checked',
    retry: 'later',
  });
}

/** The next attempt exports the same snapshot under another name. */
export async function giveUpExport(run: ExportRun, { export: name, ...point }: Named): Promise<void> {
  await run.journal.note({ ...point, used: [...point.used, name] });
}
