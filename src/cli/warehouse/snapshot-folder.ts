import type { Latest } from '../../connectors/manifest.js';
import { readLatest } from '../../connectors/published.js';
import type { ExportStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { exportContext } from '../../flow/plan-export.js';
import type { World } from '../../flow/scope.js';
import type { Column } from '../../values/column.js';
import type { ExportedTable, ExportFolder } from '../../warehouse/exports.js';
import type { Look } from './gather-exports.js';
import { isAsked, targetOf } from './table-names.js';

/**
 * The folder of a snapshot's exports: the place of its connection itself. Its tables are those of the declaration where all are
 * named, else those of the newest export.
 */
export async function snapshotFolder(
  world: World,
  step: ExportStep,
  look: Look,
  asked: string | undefined,
): Promise<ExportFolder> {
  const { tables } = step.from;
  const named = tables.length > 0 && tables.every((table) => table.includes('.'));
  const latest = look === 'nothing' && named ? undefined : await published(world, step);
  const sources = latest?.tables.map(({ name }) => name) ?? (named ? tables : undefined);
  if (!sources) {
    throw new SluiceError('table_missing', `step ${step.name} has published nothing yet`, {
      hint: 'name its tables under `from`, or run it once',
    });
  }
  const chosen = sources.filter((source) => isAsked(source, asked));
  const known =
    look === 'nothing'
      ? chosen.map((source) => ({ source, target: targetOf(source) }))
      : await Promise.all(chosen.map((source) => tableOf(world, step, source, latest)));
  return { name: '', tables: known, ...(latest ? { latest } : {}) };
}

async function published(world: World, step: ExportStep): Promise<Latest | undefined> {
  const connection = await world.connections.get(step.to.connection);
  const store = connection.store?.(exportContext(world, step, world.signal));
  if (!store) return undefined;
  try {
    return (await readLatest(store, ''))?.latest;
  } finally {
    await store.close();
  }
}

async function tableOf(
  world: World,
  step: ExportStep,
  source: string,
  latest: Latest | undefined,
): Promise<ExportedTable> {
  const columns =
    latest?.tables.find(({ name }) => name === source)?.columns ??
    (await countedColumns(world, step, source));
  return { source, target: targetOf(source), ...(columns ? { columns } : {}) };
}

/** Where the manifest does not say them, the database itself does, if the step names it (`count`). */
async function countedColumns(
  world: World,
  step: ExportStep,
  source: string,
): Promise<readonly Column[] | undefined> {
  if (!step.count) return undefined;
  const { connection: name } = step.count;
  const connection = await world.connections.get(name);
  const table = connection.source(
    { connection: name, table: source.slice(source.indexOf('.') + 1) },
    exportContext(world, step, world.signal),
  );
  try {
    const description = await table.describe();
    return description.name === source ? description.columns : undefined;
  } finally {
    await table.close();
  }
}
