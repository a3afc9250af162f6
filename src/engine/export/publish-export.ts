import type { Finding } from '../../connectors/connector.js';
import { MANIFEST_VERSION } from '../../connectors/manifest.js';
import { ownerFindings, publish, readLatest } from '../../connectors/published.js';
import type { Store } from '../../connectors/store.js';
import type { CheckedExport } from './check-export.js';
import type { ExportPlan } from './export-plan.js';
import type { ExportRun } from './export-run.js';
import type { CompleteExport } from './export-snapshot.js';

/** LATEST.json lies under the prefix of the bucket's connection itself. */
export const FOLDER = '';

/** From here on a reader of LATEST.json finds the new export; the one before is still there (invariant 6). */
export async function publishExport(
  { store, step }: ExportPlan,
  { pipeline, run, guard }: ExportRun,
  { point, asOf }: CompleteExport,
  { tables, others }: CheckedExport,
): Promise<void> {
  await guard();
  await publish(store, FOLDER, {
    sluice: MANIFEST_VERSION,
    export: point.export,
    pipeline,
    step: step.name,
    run,
    asOf,
    publishedAt: new Date().toISOString(),
    format: 'parquet',
    tables,
    others,
  });
}

/** What speaks against exporting to this place. */
export async function placeFindings(
  store: Store,
  owner: { readonly pipeline: string; readonly step: string },
): Promise<readonly Finding[]> {
  return ownerFindings((await readLatest(store, FOLDER))?.latest, owner);
}
