import * as z from 'zod';
import { SluiceError } from '../../errors.js';
import type { ExportContents, ExportedTable } from '../exporter.js';
import type { StoredObject } from '../store.js';

/**
 * What RDS writes beside the tables: `export_info_NAME.json` of the whole, `export_tables_info_NAME_from_1_to_96.json` of the
 * tables. Only what is looked at is asked for.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html
 */
const exportInfo = z.object({
  exportTaskIdentifier: z.string(),
  status: z.string(),
  percentProgress: z.number().optional(),
});

/** An entry with a warning and no statistics is of a whole database: it names what was left out. */
const tableStatus = z.object({
  target: z.string().min(1),
  status: z.string().optional(),
  warningMessage: z.string().optional(),
  tableStatistics: z.unknown().optional(),
});

const tablesInfo = z.object({ perTableStatus: z.array(tableStatus) });

type TableStatus = z.infer<typeof tableStatus>;

/** Objects by the folder of their table: `shop/shop.orders`. */
type Folders = ReadonlyMap<string, readonly StoredObject[]>;

const COMPLETE = 'COMPLETE';

/** Puts the objects of an export in order; their names begin with its own and a `/`. */
export async function contentsOf(
  name: string,
  objects: readonly StoredObject[],
  read: (object: StoredObject) => Promise<string>,
): Promise<ExportContents> {
  const inside = (object: StoredObject) => object.name.slice(name.length + 1);
  const info = objects.find((object) => inside(object) === `export_info_${name}.json`);
  if (!info) throw incomplete(`RDS wrote no export_info_${name}.json`);
  sayWhole(name, parsed(exportInfo, await read(info), inside(info)));
  const statuses = await tableStatuses(name, objects, read);
  const folders = foldersOf(objects, inside);
  const tables = statuses.filter(isTable).map((status) => tableOf(status, folders));
  sayStray(tables, folders);
  const held = new Set(tables.flatMap(({ files }) => files));
  return {
    tables,
    others: objects.filter((object) => !held.has(object)),
    warnings: statuses.flatMap(({ target, warningMessage }) =>
      warningMessage === undefined ? [] : [`${target}: ${warningMessage}`],
    ),
  };
}

function sayWhole(
  name: string,
  { exportTaskIdentifier, status, percentProgress }: z.infer<typeof exportInfo>,
) {
  if (exportTaskIdentifier !== name) throw incomplete('its export_info is of another export');
  if (status.toUpperCase() !== COMPLETE) throw incomplete(`its export_info says ${status}`);
  if (percentProgress !== undefined && percentProgress < 100) {
    throw incomplete(`its export_info says ${percentProgress} %`);
  }
}

async function tableStatuses(
  name: string,
  objects: readonly StoredObject[],
  read: (object: StoredObject) => Promise<string>,
): Promise<readonly TableStatus[]> {
  const begin = `${name}/export_tables_info_${name}_`;
  const files = objects.filter((object) => object.name.startsWith(begin) && object.name.endsWith('.json'));
  if (files.length === 0) throw incomplete(`RDS wrote no export_tables_info_${name}_….json`);
  const statuses: TableStatus[] = [];
  for (const file of files) {
    const { perTableStatus } = parsed(tablesInfo, await read(file), file.name.slice(name.length + 1));
    statuses.push(...perTableStatus);
  }
  return statuses;
}

function parsed<T>(schema: z.ZodType<T>, text: string, file: string): T {
  try {
    const result = schema.safeParse(JSON.parse(text));
    if (result.success) return result.data;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw incomplete(`${file} is not of a form that this version knows`);
}

function isTable({ status, tableStatistics, warningMessage }: TableStatus): boolean {
  return tableStatistics !== undefined || status !== undefined || warningMessage === undefined;
}

/** `shop/shop.orders/1/part-00000-….gz.parquet`: the first two names are the database and the table. */
function foldersOf(objects: readonly StoredObject[], inside: (object: StoredObject) => string): Folders {
  const folders = new Map<string, StoredObject[]>();
  for (const object of objects) {
    const [database, table, ...rest] = inside(object).split('/');
    if (database === undefined || table === undefined || rest.length === 0) continue;
    const folder = `${database}/${table}`;
    folders.set(folder, [...(folders.get(folder) ?? []), object]);
  }
  return folders;
}

function tableOf({ target, status, warningMessage }: TableStatus, folders: Folders): ExportedTable {
  const folder = spellings(target).find((spelling) => folders.has(spelling));
  const objects = folder === undefined ? [] : (folders.get(folder) ?? []);
  const isComplete = status?.toUpperCase() === COMPLETE;
  const why = warningMessage === undefined ? '' : `: ${warningMessage}`;
  return {
    name: plainName(target),
    ...(isComplete ? {} : { incomplete: `${status ?? 'no status'}${why}` }),
    files: objects.filter(({ name }) => /\.parquet$/i.test(name)),
    marked: objects.some(({ name }) => /\/_success$/i.test(name)),
  };
}

/**
 * The folders that a target may have. Characters that a path of an export cannot have are underscores there; of MySQL a
 * database is its only schema, so that its name may be said twice.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html, Limitations
 */
function spellings(target: string): readonly string[] {
  const [database = '', ...rest] = target.replaceAll(/[\\`" ]/g, '_').split('.');
  const table = rest.join('.');
  return [`${database}/${table}`, `${database}/${database}.${table}`];
}

/** `shop.shop.orders` is MySQL's `shop.orders`. */
function plainName(target: string): string {
  const [database, schema, ...rest] = target.split('.');
  return database === schema && rest.length > 0 ? [schema, ...rest].join('.') : target;
}

/** Rows of which RDS says nothing would be loaded with the others. */
function sayStray(tables: readonly ExportedTable[], folders: Folders): void {
  const known = new Set(tables.flatMap(({ files }) => files));
  const stray = [...folders].find(([, objects]) =>
    objects.some((object) => /\.parquet$/i.test(object.name) && !known.has(object)),
  );
  if (stray) throw incomplete(`RDS does not mention ${stray[0]}, which has files`);
}

function incomplete(why: string): SluiceError {
  return new SluiceError('export_incomplete', `the export is not complete: ${why}`, {
    hint: 'run again: a new export is made; the one before it stays until then',
    retry: 'later',
  });
}
