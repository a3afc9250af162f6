import { SluiceError } from '../../../errors.js';
import type { Latest, ManifestTable } from '../../manifest.js';
import { readLatest } from '../../published.js';
import type { Store, StoredObject } from '../../store.js';
import {
  byName,
  type Format,
  type FoundTable,
  isOfFormat,
  type SourceFile,
  suffixes,
} from './found-table.js';

/** More objects than this below one table are taken for a wrong name (invariant 7). */
const MAX_FILES = 100_000;

/** What an export that is not finished has, or one whose LATEST.json somebody took away. */
const UNFINISHED = /(?:^|\/)(?:unfinished|manifest)\.json$/;
/** Marks and notes that others leave beside their files: `_SUCCESS`, `_started`, `.part.crc`. */
const ASIDE = /(?:^|\/)[_.][^/]*$|(?:^|\/)[_.][^/]*\//;

/**
 * Finds the files of a table: what `TABLE/LATEST.json` lists, or what one beside it says of a table of this name; else the file
 * `TABLE.csv`, or the folder `TABLE/`, or `shop/shop.orders/` as RDS lays its exports out. What a manifest lists is there, byte for byte as
 * long and of the same version.
 * @throws SluiceError table_missing, file_missing, file_changed, manifest_invalid, unsupported
 */
export async function findTable(store: Store, table: string, format: Format): Promise<FoundTable> {
  const { name } = await store.describe('read');
  const listed =
    (await exported(store, `${table}/`, table, format)) ?? (await exported(store, '', table, format));
  if (listed) return listed;
  const found = [
    ...(await singleFiles(store, table, format)),
    ...(await folder(store, `${table}/`, format)),
    ...(await rdsFolder(store, table, format)),
  ];
  const [first, ...others] = found;
  if (others.length > 0) throw ambiguous(table, found);
  if (first) return first;
  throw new SluiceError('table_missing', `${name} holds no ${format} of the name ${table}`, {
    hint: `there should be ${table}${suffixes[format][0]}, or a folder ${table}/ with such files`,
    path: 'from.table',
  });
}

function ambiguous(table: string, found: readonly FoundTable[]): SluiceError {
  const names = found.map(({ shown }) => shown).join(' and ');
  return new SluiceError('unsupported', `${table} may be ${names}`, {
    hint: 'move one of them away',
    path: 'from.table',
  });
}

/** By `LATEST.json` in the folder; undefined where there is none, or it knows no table of this name. */
async function exported(
  store: Store,
  inside: string,
  table: string,
  format: Format,
): Promise<FoundTable | undefined> {
  const { latest } = (await readLatest(store, inside)) ?? {};
  const found = latest && tableOf(latest, inside, table);
  if (!found) return undefined;
  checkForm(latest, `${inside}LATEST.json`, format);
  const files = found.files.map((file) => ({ ...file, name: inside + file.name })).sort(byName);
  await checkThere(store, `${inside}${latest.export}/`, files);
  return {
    shown: inside === '' ? `${table} of ${latest.export}` : `${inside}${latest.export}/`,
    files,
    manifest: {
      asOf: latest.asOf,
      ...(found.columns === undefined ? {} : { columns: found.columns }),
      key: found.key ?? [],
      ...(found.rows === undefined ? {} : { rows: found.rows }),
    },
  };
}

function tableOf({ tables }: Latest, inside: string, table: string): ManifestTable | undefined {
  if (inside !== '' && tables.length === 1) return tables[0];
  return tables.find(({ name }) => name === table);
}

function checkForm(latest: Latest, path: string, format: Format): void {
  if (latest.for === 'people') {
    throw new SluiceError('unsupported', `${path}: these files are for people, and not exact`, {
      hint: 'export without `for: people` what is to be read again',
      path: 'from.table',
    });
  }
  if (latest.format === format) return;
  throw new SluiceError('unsupported', `${path}: these files are ${latest.format}`, {
    hint: `format: ${latest.format}`,
    path: 'from.format',
  });
}

async function checkThere(store: Store, prefix: string, files: readonly SourceFile[]): Promise<void> {
  const there = new Map<string, StoredObject>();
  for await (const object of store.list(prefix)) there.set(object.name, object);
  for (const file of files) checkSame(file, there.get(file.name));
}

/** @throws SluiceError file_missing, file_changed */
export function checkSame(file: SourceFile, found: StoredObject | undefined): void {
  if (!found) {
    throw new SluiceError('file_missing', `${file.name} is not there any more`, {
      hint: 'an export that is read must be kept meanwhile: see `keep`',
    });
  }
  if (found.bytes !== file.bytes) {
    const message = `${file.name} has ${found.bytes} bytes, and should have ${file.bytes}`;
    throw new SluiceError('file_changed', message, { hint: 'export it anew' });
  }
  if (found.version !== file.version) {
    throw new SluiceError('file_changed', `${file.name} was written again since it was listed`, {
      hint: 'of a copied folder take away LATEST.json and the manifests: then its files are read as they are',
    });
  }
}

async function singleFiles(store: Store, table: string, format: Format): Promise<readonly FoundTable[]> {
  const names = new Set(suffixes[format].map((suffix) => table + suffix));
  const found: FoundTable[] = [];
  for await (const object of store.list(`${table}.`)) {
    if (names.has(object.name)) found.push({ shown: object.name, files: [object] });
  }
  return found;
}

async function folder(store: Store, prefix: string, format: Format): Promise<readonly FoundTable[]> {
  const files: SourceFile[] = [];
  for await (const object of store.list(prefix)) {
    const inner = object.name.slice(prefix.length);
    if (UNFINISHED.test(inner)) throw unfinished(prefix);
    if (ASIDE.test(inner) || object.bytes === 0) continue;
    if (isOfFormat(inner, format)) files.push(object);
    if (files.length > MAX_FILES) {
      throw new SluiceError('unsupported', `${prefix} holds more than ${MAX_FILES} files`);
    }
  }
  return files.length === 0 ? [] : [{ shown: prefix, files: files.sort(byName) }];
}

function unfinished(prefix: string): SluiceError {
  return new SluiceError('table_missing', `no export into ${prefix} is complete yet`, {
    hint: 'let the copy that writes it finish',
    path: 'from.table',
  });
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.FileNames.html */
async function rdsFolder(store: Store, table: string, format: Format): Promise<readonly FoundTable[]> {
  const [, inside = '', database] = /^(.*\/)?([^/.]+)\.[^/]+$/.exec(table) ?? [];
  if (database === undefined) return [];
  return await folder(store, `${inside}${database}/${table.slice(inside.length)}/`, format);
}
