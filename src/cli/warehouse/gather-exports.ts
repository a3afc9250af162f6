import type { Latest } from '../../connectors/manifest.js';
import { readLatest } from '../../connectors/published.js';
import type { CopyStep, ExportStep } from '../../declare/declaration.js';
import { isPlanned } from '../../engine/plan.js';
import { SluiceError } from '../../errors.js';
import { prepareCopy, singleCopies } from '../../flow/plan.js';
import { openScope, type World } from '../../flow/scope.js';
import type { SingleCopy } from '../../flow/single-copy.js';
import type { Column } from '../../values/column.js';
import { asStored, type ExportedTable, type ExportFolder, type Exports } from '../../warehouse/exports.js';
import { placeOf } from './publishing-steps.js';
import { snapshotFolder } from './snapshot-folder.js';
import { distinct, isAsked, targetOf } from './table-names.js';

/**
 * What is looked up besides the declaration: nothing; where LATEST.json says that the files lie; also which columns they have; and
 * where there is none, what the next one will say, by a plan.
 */
export type Look = 'nothing' | 'places' | 'latest' | 'plan';

/** What a warehouse is to read of one step; with `asked` only that table, undefined where it has none. Writes nothing. */
export async function gatherExports(
  world: World,
  step: CopyStep | ExportStep,
  look: Look,
  asked: string | undefined,
): Promise<Exports | undefined> {
  const { pipeline, connections } = world.declaration;
  const folders =
    step.kind === 'export'
      ? [await snapshotFolder(world, step, look, asked)]
      : await copiedFolders(world, step, look, asked);
  if (folders.every(({ tables }) => tables.length === 0)) return undefined;
  return {
    pipeline,
    step: step.name,
    place: placeOf(connections[step.to.connection], world.env),
    ...formatOf(step),
    folders: distinct(folders),
  };
}

function formatOf(step: CopyStep | ExportStep): Pick<Exports, 'format' | 'keep'> {
  if (step.kind === 'export') return { format: 'parquet', keep: step.keep.exports };
  const { format, keep } = step.to;
  return { format: format as Exports['format'], keep: typeof keep === 'number' ? keep : 1 };
}

async function copiedFolders(
  world: World,
  step: CopyStep,
  look: Look,
  asked: string | undefined,
): Promise<readonly ExportFolder[]> {
  const folders: ExportFolder[] = [];
  for (const single of await singleCopies(world, step)) {
    if (isAsked(single.step.to.table, asked)) folders.push(await folderOf(world, single, look));
  }
  if (folders.length > 0) refuseInexact(step);
  return folders;
}

function refuseInexact({ name, to }: CopyStep): void {
  if (to['for'] !== 'people') return;
  throw new SluiceError('unsupported', `the files of step ${name} are for people: they are not exact`, {
    hint: 'leave `for: people` out, or have another step for the warehouse',
  });
}

async function folderOf(world: World, single: SingleCopy, look: Look): Promise<ExportFolder> {
  const { table } = single.step.to;
  const name = `${table}/`;
  const bare = { source: table, target: targetOf(table) };
  if (look === 'nothing') return { name, tables: [bare] };
  const latest = await published(world, single, name);
  const columns = latest
    ? latest.tables.find((one) => one.name === table)?.columns
    : look === 'plan'
      ? await plannedColumns(world, single)
      : undefined;
  const format = single.step.to['format'] as Exports['format'];
  const known: ExportedTable = columns ? { ...bare, ...asStored(format, columns) } : bare;
  return { name, tables: [known], ...(latest ? { latest } : {}) };
}

async function published(
  world: World,
  { name, step }: SingleCopy,
  folder: string,
): Promise<Latest | undefined> {
  const connection = await world.connections.get(step.to.connection);
  const store = connection.store?.(openScope(world, step, name).sinkContext);
  if (!store) return undefined;
  try {
    return (await readLatest(store, folder))?.latest;
  } finally {
    await store.close();
  }
}

/** What the sink will write. */
async function plannedColumns(world: World, single: SingleCopy): Promise<readonly Column[] | undefined> {
  const { planned } = await prepareCopy(world, single, { unproved: true });
  if (isPlanned(planned)) {
    await Promise.all([planned.source.close(), planned.sink.close()]);
    return planned.sinkPlan.becomes?.columns;
  }
  const [first] = planned.findings;
  throw new SluiceError(
    first?.code === 'note' ? 'plan_refused' : (first?.code ?? 'plan_refused'),
    first?.message ?? 'it cannot be planned',
    {
      ...(first?.hint === undefined ? {} : { hint: first.hint }),
    },
  );
}
