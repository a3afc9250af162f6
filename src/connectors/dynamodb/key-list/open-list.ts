import { createReadStream } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { SluiceError } from '../../../errors.js';
import type { Column } from '../../../values/column.js';
import type { Context, Permission, Source, SourceDescription } from '../../connector.js';
import type { KeyFileOptions } from '../../key-file-option.js';
import { stringOf } from '../encode.js';
import type { KeyAttribute } from '../key.js';
import type { KeysOptions } from '../options.js';
import { cellValue, type Entry, type EntryMaker, entryMaker } from './entry.js';
import { buildList, type KeyList, knownList } from './list.js';
import { readCsv } from './read-csv.js';
import { readJson } from './read-json.js';
import { readText } from './read-text.js';

/** Rows of another source that are held at once. */
const CHUNK = { maxRows: 2000, maxBytes: 1024 * 1024 };

function isFile(keys: KeysOptions): keys is KeyFileOptions {
  return 'file' in keys;
}

/** Where a list comes from, for people. */
export function listName(keys: KeysOptions): string {
  if (!isFile(keys)) return 'the rows of a source';
  return keys.file === '-' ? 'standard input' : basename(keys.file);
}

/** The step's own folder for the list; one that is left over is removed by whoever builds the next. */
export function listFolder({ scratch, run, lasting }: Context): string {
  return join(scratch, lasting ? 'list' : `list-${run}`);
}

/**
 * Reads the list. What can be had only once (standard input, the rows of a source) is not read again by a run that
 * goes on. With what reading it needed of another source, where it was read.
 * @throws SluiceError file_unreadable, column_missing, declaration_invalid, or what the other source says.
 */
export async function openList(
  keys: KeysOptions,
  key: readonly KeyAttribute[],
  context: Context,
): Promise<KeyList & { readonly permissions: readonly Permission[] }> {
  const folder = listFolder(context);
  const isOnce = !isFile(keys) || keys.file === '-';
  const known = isOnce && context.lasting ? await knownList(folder, context.run) : undefined;
  if (known) return { ...known, permissions: [] };
  const maker = entryMaker(key);
  const permissions: Permission[] = [];
  const entries = isFile(keys)
    ? entriesOfFile(keys, maker, context)
    : entriesOfSource(keys, maker, context, permissions);
  const list = await buildList(folder, context.run, stoppable(entries, context.signal));
  return { ...list, permissions };
}

async function* stoppable(entries: AsyncIterable<Entry>, signal: AbortSignal): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    signal.throwIfAborted();
    yield entry;
  }
}

function entriesOfFile(keys: KeyFileOptions, maker: EntryMaker, context: Context): AsyncIterable<Entry> {
  const chunks = keys.file === '-' ? standardInput(context) : bytesOf(keys.file);
  switch (formatOf(keys)) {
    case 'jsonl':
      return readJson(chunks, maker);
    case 'csv':
      return readCsv(chunks, maker);
    default:
      if (maker.key.length > 1) throw needsFields(maker.key);
      return readText(chunks, maker);
  }
}

function formatOf({ file, format }: KeyFileOptions): 'text' | 'jsonl' | 'csv' {
  if (format) return format;
  const extension = extname(file).toLowerCase();
  if (extension === '.jsonl' || extension === '.ndjson' || extension === '.json') return 'jsonl';
  return extension === '.csv' ? 'csv' : 'text';
}

function needsFields(key: readonly KeyAttribute[]): SluiceError {
  const names = key.map(({ name }) => name);
  return new SluiceError(
    'declaration_invalid',
    `the table's key is ${names.join(' and ')}: a line of text is one value`,
    {
      path: 'from.keys',
      hint: 'list the keys as JSON Lines ({"a": …, "b": …}; format: jsonl) or as CSV with a header (format: csv)',
    },
  );
}

function standardInput({ input }: Context): AsyncIterable<Uint8Array> {
  if (input) return input();
  throw new SluiceError('unsupported', 'standard input cannot be read here', { path: 'from.keys' });
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>;
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new SluiceError('file_unreadable', `the key list ${basename(path)} cannot be read (${reason})`, {
      path: 'from.keys',
      cause,
      ...(reason === 'ENOENT'
        ? { hint: "there is no such file; a path starts from the declaration's folder" }
        : {}),
    });
  }
}

/** The rows of another source, its columns named as the key's attributes are; what that needs is put into `permissions`. */
async function* entriesOfSource(
  keys: Exclude<KeysOptions, KeyFileOptions>,
  maker: EntryMaker,
  context: Context,
  permissions: Permission[],
): AsyncGenerator<Entry> {
  if (!context.source)
    throw new SluiceError('unsupported', 'no other source can be read here', { path: 'from.keys' });
  const source = await context.source(keys);
  try {
    const described = await source.describe();
    checkColumns(described, maker.key);
    const needed = described.permissions.filter(({ only }) => only === undefined);
    permissions.push(...needed.map((each) => ({ connection: keys.connection, ...each })));
    yield* entriesOfRows(source, maker);
  } finally {
    await source.close();
  }
}

function checkColumns({ columns, open, name }: SourceDescription, key: readonly KeyAttribute[]): void {
  const missing = key.find((part) => !columns.some((column) => column.name === part.name));
  if (!missing || open) return;
  throw new SluiceError(
    'column_missing',
    `${name} has no column ${missing.name}, which the table's key needs`,
    {
      path: 'from.keys',
      hint: `its columns are ${columns.map((column) => column.name).join(', ')}; name them as the key's attributes: SELECT id AS ${missing.name}`,
    },
  );
}

async function* entriesOfRows(source: Source, maker: EntryMaker): AsyncGenerator<Entry> {
  let line = 0;
  for (const part of await source.parts(1)) {
    for await (const { columns, rows } of source.read(part, CHUNK)) {
      const places = maker.key.map(({ name }) => columns.findIndex((column) => column.name === name));
      for (const row of rows) {
        line++;
        const cells = places.map((place) => asText(row[place], columns[place]));
        const values = maker.key.map((attribute, index) => cellValue(cells[index], attribute));
        yield maker.of(line, values, () => JSON.stringify(cells));
      }
    }
  }
}

function asText<Cell>(cell: Cell, column: Column | undefined): Cell | string {
  return typeof cell === 'string' && column ? stringOf(column)(cell) : cell;
}
