import { showNewest } from '../../connectors/newest.js';
import { prune, readLatest } from '../../connectors/published.js';
import { claimName, claimsOf } from './claims.js';
import type { PublishedExport } from './export-journal.js';
import type { ExportPlan } from './export-plan.js';
import type { ExportRun } from './export-run.js';
import { FOLDER } from './publish-export.js';

/**
 * What the new export has replaced, now that it is published (invariant 6): exports beyond `keep.exports` by their manifests, what
 * failed runs left by their claims, snapshots beyond `keep.snapshots` by their tags. Nothing else is looked at. Before, the folder
 * that holds the newest alone is switched, which is a copy: the old is still there.
 */
export async function removeOld(plan: ExportPlan, run: ExportRun, published: PublishedExport): Promise<void> {
  const { step, store } = plan;
  await run.guard();
  if (step.layout === 'newest-only') await showNewest(store, FOLDER);
  await run.guard();
  await prune(store, FOLDER, step.keep.exports);
  await removeFailed(plan, run, published);
  if (!step.direct) await removeSnapshots(plan, run, published);
  await run.guard();
  await store.remove([claimName(published.export)]);
}

/** An export that was begun, and that no LATEST.json names. One that goes on in RDS is ended, and goes with the next success. */
async function removeFailed(plan: ExportPlan, run: ExportRun, published: PublishedExport): Promise<void> {
  const { store, exporter } = plan;
  const latest = (await readLatest(store, FOLDER))?.latest;
  const named = new Set([published.export, ...(latest ? [latest.export, ...latest.kept] : [])]);
  for (const { name } of await claimsOf(plan, run)) {
    if (name === published.export) continue;
    await run.guard();
    if (!named.has(name)) {
      const state = await exporter.export(name);
      if (state.kind === 'working') {
        await exporter.cancelExport(name);
        continue;
      }
      const objects: string[] = [];
      for await (const object of store.list(`${name}/`)) objects.push(object.name);
      await store.remove(objects);
    }
    await store.remove([claimName(name)]);
  }
}

/** The one that was exported counts first, however the others' clocks go. */
async function removeSnapshots(
  { exporter, step }: ExportPlan,
  run: ExportRun,
  { snapshot }: PublishedExport,
): Promise<void> {
  const ours = await exporter.ourSnapshots();
  const newest = ours.filter(({ name }) => name === snapshot);
  const others = ours.filter(({ name }) => name !== snapshot);
  for (const { name } of [...newest, ...others].slice(step.keep.snapshots)) {
    await run.guard();
    const gone = await exporter.removeSnapshot(name);
    if (!gone) run.said(`the snapshot ${name} cannot be removed yet: it goes with the next export`);
  }
}
