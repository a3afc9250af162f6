import { hash } from 'node:crypto';
import { hostname } from 'node:os';
import { SluiceError } from '../../errors.js';
import type { Column } from '../../values/column.js';
import type { Context } from '../connector.js';
import { MANIFEST_VERSION, type Manifest, type ManifestFile } from '../manifest.js';
import { prune, publish, readLatest } from '../published.js';
import type { Store } from '../store.js';
import { exportFolder, isOurs, successName } from './export-names.js';
import type { FileSinkSettings } from './sink-options.js';
import type { FinishedFile } from './spool.js';

export interface ExportPlace {
  readonly settings: FileSinkSettings;
  readonly store: Store;
  readonly context: Context;
}

/** An export whose files are all in the store. */
export interface CompleteExport extends ExportPlace {
  readonly asOf: string;
  readonly columns: readonly Column[];
  readonly key: readonly string[];
  readonly files: readonly FinishedFile[];
}

/** Says whose an unfinished export is. */
interface Mark {
  readonly pipeline: string;
  readonly step: string;
  readonly run: string;
  /** The machine and the folder in which the run keeps its state: only that can go on with it, or clear it away. */
  readonly owner: string;
}

const MARK = 'unfinished.json';

/** Says in the export's folder that it is ours and not finished. */
export async function markUnfinished({ settings, store, context }: ExportPlace): Promise<void> {
  await store.writeText(`${exportFolder(settings, context.run)}${MARK}`, JSON.stringify(markOf(context)));
}

/**
 * Removes what killed runs of this very step left below the folder, by names: only exports with our mark, and of them only
 * files of our naming. An export that was published and still has its mark loses the mark alone.
 */
export async function clearLeftovers(place: ExportPlace): Promise<void> {
  const { settings, store, context } = place;
  const own = markOf(context);
  const names: string[] = [];
  for await (const { name } of store.list(`${settings.table}/`)) names.push(name);
  const marks = names.filter((name) => isMarkBelow(settings.table, name));
  const published = marks.length === 0 ? new Set<string>() : await publishedExports(place);
  for (const mark of marks) {
    const found = markIn((await store.readText(mark))?.text);
    if (found?.pipeline !== own.pipeline || found.step !== own.step || found.owner !== own.owner) continue;
    const folder = mark.slice(0, -MARK.length);
    if (found.run === undefined || !published.has(found.run)) {
      await store.clearUploads(folder);
      await store.remove(names.filter((name) => name.startsWith(folder) && isRemovable(name)));
    }
    await store.remove([mark]);
  }
}

/** What an attempt of this run before had begun to send, and was killed: its files are sent anew. */
export async function clearOwnUploads({ settings, store, context }: ExportPlace): Promise<void> {
  await store.clearUploads(exportFolder(settings, context.run));
}

/** Checks that all is there, publishes, and prunes: whatever an attempt before has done of it is done once. */
export async function publishExport(complete: CompleteExport): Promise<void> {
  const { settings, store, context } = complete;
  const folder = exportFolder(settings, context.run);
  await checkPresent(complete, folder);
  const others: ManifestFile[] = [];
  const success = successName(settings, context.run);
  if (success !== undefined) {
    const { version } = await store.writeText(success, '');
    others.push({ name: success.slice(settings.table.length + 1), bytes: 0, version });
  }
  await publish(store, `${settings.table}/`, manifestOf(complete, others));
  await store.remove([`${folder}${MARK}`]);
  await prune(store, `${settings.table}/`, settings.keep);
}

async function publishedExports({ settings, store }: ExportPlace): Promise<ReadonlySet<string>> {
  const { latest } = (await readLatest(store, `${settings.table}/`)) ?? {};
  return new Set(latest ? [latest.export, ...latest.kept] : []);
}

/** What was put is there as it was put, and nothing of it was taken away meanwhile. */
async function checkPresent({ settings, store, files }: CompleteExport, folder: string): Promise<void> {
  const found = new Map<string, string>();
  for await (const { name, bytes, version } of store.list(folder)) found.set(name, `${bytes} ${version}`);
  const gone = files.find(({ name, bytes, version }) => found.get(name) !== `${bytes} ${version}`);
  if (gone === undefined) return;
  throw new SluiceError('counts_differ', `${gone.name} of ${settings.table} is not as it was written`, {
    hint: 'nobody else may write below the folder of an export; run with --fresh',
  });
}

function manifestOf(complete: CompleteExport, others: readonly ManifestFile[]): Manifest {
  const { settings, context, asOf, columns, key, files } = complete;
  const table = {
    name: settings.table,
    columns,
    ...(key.length > 0 ? { key } : {}),
    rows: files.reduce((sum, { rows }) => sum + rows, 0),
    files: files.map(({ name, bytes, version, rows }) => ({
      name: name.slice(settings.table.length + 1),
      bytes,
      version,
      rows,
    })),
  };
  return {
    sluice: MANIFEST_VERSION,
    export: context.run,
    pipeline: context.pipeline,
    step: context.step,
    run: context.run,
    asOf,
    publishedAt: new Date().toISOString(),
    format: settings.files.format,
    ...(settings.files.forPeople ? { for: 'people' as const } : {}),
    tables: [table],
    others,
  };
}

function isMarkBelow(table: string, name: string): boolean {
  const parts = name.slice(table.length + 1).split('/');
  return parts.length === 2 && parts[1] === MARK;
}

function isRemovable(name: string): boolean {
  return isOurs(name) || name.endsWith('/manifest.json');
}

function markOf({ pipeline, step, run, scratch }: Context): Mark {
  return { pipeline, step, run, owner: hash('sha256', `${hostname()}\n${scratch}`) };
}

/** Undefined for what is no mark of ours. */
function markIn(text: string | undefined): Partial<Mark> | undefined {
  try {
    const found: unknown = JSON.parse(text ?? '');
    return typeof found === 'object' && found !== null ? found : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
