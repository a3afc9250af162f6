import type { Latest } from '../../connectors/manifest.js';
import { readLatest } from '../../connectors/published.js';
import type { Store } from '../../connectors/store.js';
import type { ExportStep } from '../../declare/declaration.js';
import { parquetFooter } from '../../engine/export/parquet-rows.js';
import { SluiceError } from '../../errors.js';
import { exportContext } from '../../flow/plan-export.js';
import type { World } from '../../flow/scope.js';
import type { Column } from '../../values/column.js';
import type { ExportedTable, ExportFolder } from '../../warehouse/exports.js';
import { parquetColumns } from '../../warehouse/parquet-schema.js';
import type { Look } from './gather-exports.js';
import { isAsked, targetOf } from './table-names.js';

/** What is known of the exports of a snapshot; no store where nothing is looked up. */
interface Known {
  readonly world: World;
  readonly step: ExportStep;
  readonly store: Store | undefined;
  readonly latest: Latest | undefined;
}

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
  const store = look === 'nothing' && named ? undefined : await openStore(world, step);
  try {
    const latest = store && (await readLatest(store, ''))?.latest;
    const sources = latest?.tables.map(({ name }) => name) ?? (named ? tables : undefined);
    if (!sources) {
      throw new SluiceError('table_missing', `step ${step.name} has published nothing yet`, {
        hint: 'name its tables under `from`, or run it once',
      });
    }
    const chosen = sources.filter((source) => isAsked(source, asked));
    const looksAtTables = look === 'latest' || look === 'plan';
    const known = await Promise.all(
      chosen.map(async (source): Promise<ExportedTable> => {
        const columns = looksAtTables ? await columnsOf({ world, step, store, latest }, source) : undefined;
        return { source, target: targetOf(source), ...(columns ? { columns } : {}) };
      }),
    );
    return { name: '', tables: known, ...(latest ? { latest } : {}) };
  } finally {
    await store?.close();
  }
}

async function openStore(world: World, step: ExportStep): Promise<Store | undefined> {
  const connection = await world.connections.get(step.to.connection);
  return connection.store?.(exportContext(world, step, world.signal));
}

/** As the manifest has them, or the database and the files. */
async function columnsOf(known: Known, source: string): Promise<readonly Column[] | undefined> {
  const table = known.latest?.tables.find(({ name }) => name === source);
  if (table?.columns) return table.columns;
  const [first] = table?.files ?? [];
  const stored = first && known.store ? parquetColumns(await parquetFooter(known.store, first)) : undefined;
  const counted = await countedColumns(known.world, known.step, source);
  return stored && counted ? agreed(stored, counted) : (stored ?? counted);
}

/** As the database has them, but for what the files hold as bytes and it as text: RDS writes CHAR without saying that it is text. */
function agreed(stored: readonly Column[], counted: readonly Column[]): readonly Column[] {
  const inDatabase = new Map(counted.map((column) => [column.name, column]));
  const isSame = stored.length === counted.length && stored.every(({ name }) => inDatabase.has(name));
  if (!isSame) return stored;
  return stored.map((column) => {
    const other = inDatabase.get(column.name) ?? column;
    return (other.type === 'bytes') === (column.type === 'bytes') ? other : column;
  });
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
