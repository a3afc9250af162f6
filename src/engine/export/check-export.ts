import type { ExportedTable } from '../../connectors/exporter.js';
import type { Manifest, ManifestFile, ManifestTable } from '../../connectors/manifest.js';
import type { StoredObject } from '../../connectors/store.js';
import { SluiceError } from '../../errors.js';
import type { ExpectedTable, ExportPoint } from './export-journal.js';
import type { ExportPlan } from './export-plan.js';
import type { CompleteExport } from './export-snapshot.js';
import { parquetRows } from './parquet-rows.js';

/** Footers that are read at once. */
const FOOTERS_AT_ONCE = 16;
/** By the server's estimate. With so many rows a table is not empty. */
const SURELY_ROWS = 1000;

/** An export that was looked at whole. */
export interface CheckedExport extends Pick<Manifest, 'tables' | 'others'> {
  /** What RDS left out, in its own words. */
  readonly skipped: readonly string[];
}

/**
 * Whether what RDS calls complete is (invariant 6): its own files say so of every table, each has Parquet files that are whole or
 * is marked as empty, and nothing is missing that was asked for or that the database holds. Throws `export_incomplete`.
 */
export async function checkExport(
  plan: ExportPlan,
  { point, skipped }: CompleteExport,
  now: readonly ExpectedTable[] | undefined,
): Promise<CheckedExport> {
  const { store, exporter } = plan;
  const name = point.export;
  const objects: StoredObject[] = [];
  for await (const object of store.list(`${name}/`)) {
    // Ours, and written anew: an attempt was killed before anybody could find it.
    if (object.name !== `${name}/manifest.json`) objects.push(object);
  }
  if (objects.length === 0) throw incomplete(`there is nothing below ${name}/`);
  const { tables, others, warnings } = await exporter.contents(name, objects, async (object) => {
    const text = await store.readText(object.name);
    if (!text) throw incomplete(`${object.name} is gone`);
    return text.text;
  });
  const complete = tables.filter(({ incomplete: why }) => why === undefined);
  const wanted = wantedTables(plan, point, now);
  sayMissing(plan, tables, wanted);
  const counted = await counts(plan, complete);
  for (const { name: table, rows } of wanted) sayEmpty(table, rows, counted);
  const leftOut = tables.flatMap(({ name: table, incomplete: why }) =>
    why === undefined ? [] : [`${table}: ${why}`],
  );
  if (counted.length === 0) throw incomplete('it holds no table');
  const held = new Set(complete.flatMap(({ files }) => files));
  return {
    tables: counted,
    others: [...others, ...tables.flatMap(({ files }) => files.filter((file) => !held.has(file)))].map(
      fileOf,
    ),
    skipped: [...(skipped === undefined ? [] : [skipped]), ...leftOut, ...warnings],
  };
}

/** What the database held before the snapshot and still holds: it was in between, too. */
function wantedTables(
  { order }: ExportPlan,
  { expected }: Pick<ExportPoint, 'expected'>,
  now: readonly ExpectedTable[] | undefined,
): readonly ExpectedTable[] {
  const still = new Set((now ?? expected ?? []).map(({ name }) => name));
  return (expected ?? []).filter(({ name }) => still.has(name) && isChosen(name, order.tables));
}

function isChosen(table: string, chosen: readonly string[]): boolean {
  return chosen.length === 0 || chosen.some((each) => table === each || table.startsWith(`${each}.`));
}

function sayMissing(
  { order }: ExportPlan,
  tables: readonly ExportedTable[],
  wanted: readonly ExpectedTable[],
): void {
  const complete = tables.filter(({ incomplete: why }) => why === undefined).map(({ name }) => name);
  const why = (name: string) => {
    const told = tables.find((table) => table.name === name)?.incomplete;
    return told === undefined ? name : `${name} (${told})`;
  };
  const asked = order.tables.filter((each) => !complete.some((name) => isChosen(name, [each])));
  const inDatabase = wanted.map(({ name }) => name).filter((name) => !complete.includes(name));
  const torn = tables
    .filter(
      ({ incomplete: told, name }) =>
        told !== undefined && order.tables.some((each) => isChosen(name, [each])),
    )
    .map(({ name }) => name);
  const missing = [...new Set([...asked, ...inDatabase, ...torn])];
  if (missing.length === 0) return;
  const isUnknown = asked.some((each) => !tables.some(({ name }) => isChosen(name, [each])));
  throw incomplete(
    `it lacks ${missing.map(why).join(', ')}`,
    isUnknown
      ? 'check the spelling of from.tables (database.table): RDS says nothing of a table that is not there'
      : undefined,
  );
}

/** The tables with the rows of each file. */
async function counts(
  { store }: ExportPlan,
  tables: readonly ExportedTable[],
): Promise<readonly (ManifestTable & { readonly rows: number })[]> {
  const rows = new Map<StoredObject, number>();
  const waiting = tables.flatMap(({ files }) => files);
  for (const { name, files, marked } of tables) {
    if (files.length === 0 && !marked)
      throw incomplete(`${name} has neither files nor a mark that it is empty`);
  }
  const lane = async (): Promise<void> => {
    for (let file = waiting.pop(); file; file = waiting.pop()) rows.set(file, await parquetRows(store, file));
  };
  await Promise.all(Array.from({ length: FOOTERS_AT_ONCE }, lane));
  return tables.map(({ name, files }) => {
    const told = files.map((file) => ({ ...fileOf(file), rows: rows.get(file) ?? 0 }));
    return { name, rows: told.reduce((sum, file) => sum + file.rows, 0), files: told };
  });
}

function fileOf({ name, bytes, version }: StoredObject): ManifestFile {
  return { name, bytes, version };
}

/** Estimates of a server are off by half at times, but not where there is nothing. */
function sayEmpty(
  table: string,
  estimate: number | undefined,
  counted: readonly (ManifestTable & { readonly rows: number })[],
): void {
  const rows = counted.find(({ name }) => name === table)?.rows;
  if (rows !== 0 || estimate === undefined || estimate < SURELY_ROWS) return;
  throw incomplete(`${table} has about ${estimate} rows in the database, and none in the export`);
}

function incomplete(
  why: string,
  hint = 'run again: a new export is made; the one before it stays until then',
): SluiceError {
  return new SluiceError('export_incomplete', `the export is not complete: ${why}`, {
    hint,
    retry: 'later',
  });
}
