import { SluiceError } from '../errors.js';
import type { Change } from '../values/batch.js';
import type { Attribute, Cell } from '../values/cell.js';
import type { Column, LogicalType } from '../values/column.js';
import { below, ParsedDocument } from './json/parsed-document.js';
import { type MetaName, metaCell, metaTypes } from './meta.js';
import { cellOf, type OpenRow } from './open-row.js';

/** A constant that `map.add` puts into every row. */
export type Constant = string | bigint | number | boolean | null;

/** What a column is made of that no column of the source is: what is known of the change, or a constant. */
export type Origin = { readonly meta: MetaName } | { readonly value: Constant };

/** The `map` of a declaration. Names on the left of `only` and `rename` are new, on the right old. */
export interface MapOptions {
  readonly only?: readonly string[] | Readonly<Record<string, string | Origin>>;
  readonly rename?: Readonly<Record<string, string>>;
  readonly drop?: readonly string[];
  readonly add?: Readonly<Record<string, Constant | Origin>>;
}

/** The columns that come in. */
export interface MapInput {
  readonly columns: readonly Column[];
  /** Rows may have attributes that `columns` does not name. */
  readonly open: boolean;
  /** Each row is a change (`Batch.changes`). */
  readonly changes: boolean;
}

/** How one outgoing column comes to be. */
export interface MappedColumn {
  readonly column: Column;
  /** The incoming column's name; absent for a constant and for a path into a document. */
  readonly source?: string;
  /** What it tells of a change. */
  readonly meta?: MetaName;
  /** Nothing of the map touches this column, nor its place in the row. */
  readonly asItWas?: true;
  /** Where `read` finds the cell, which it gives as it is. */
  readonly place?: number;
  /** `change`: what happened to the row, where rows are changes. */
  read(row: OpenRow, change: Change | undefined): Cell;
}

/**
 * Says for each outgoing column where its cells come from; undefined when nothing changes. A name that a
 * closed source does not have is an error; in an open one it is an attribute that rows may lack.
 */
export function mapColumns(
  map: MapOptions | undefined,
  { columns, open, changes }: MapInput,
): readonly MappedColumn[] | undefined {
  if (!map || !(map.only || map.rename || map.drop || map.add)) return undefined;
  const index = new Map(columns.map((column, position) => [column.name, position]));
  const missing = namesRead(map).filter((name) => !open && !index.has(rootOf(name, index)));
  if (missing.length > 0) throw missingColumns(missing, columns);
  const picked = map.only ? pickOnly(map.only, index, columns) : pickAll(map, columns);
  const added = Object.entries(map.add ?? {}).map(([name, value]) => made(name, value));
  const result = [...picked, ...added];
  if (!changes) refuseMeta(result);
  refuseTwice(result);
  return result;
}

function pickAll(map: MapOptions, columns: readonly Column[]): MappedColumn[] {
  const dropped = new Set(map.drop ?? []);
  const newNames = new Map(Object.entries(map.rename ?? {}).map(([name, old]) => [old, name]));
  return columns.flatMap((column, position) => {
    if (dropped.has(column.name)) return [];
    return [cellAt(column, position, newNames.get(column.name) ?? column.name)];
  });
}

function pickOnly(
  only: NonNullable<MapOptions['only']>,
  index: ReadonlyMap<string, number>,
  columns: readonly Column[],
): MappedColumn[] {
  const pairs = Array.isArray(only) ? only.map((name) => [name, name] as const) : Object.entries(only);
  return pairs.flatMap(([name, path]) => {
    if (typeof path !== 'string') return [made(name, path)];
    const root = rootOf(path, index);
    const position = index.get(root);
    const column = position === undefined ? undefined : columns[position];
    if (position === undefined || !column) return [];
    if (root === path) return [cellAt(column, position, name)];
    return [cellBelow(column, position, name, path.slice(root.length + 1).split('.'))];
  });
}

/** The column that a path begins with: the path itself when a column has that very name. */
function rootOf(path: string, index: ReadonlyMap<string, number>): string {
  return index.has(path) ? path : (path.split('.')[0] ?? path);
}

function cellAt(column: Column, position: number, name: string): MappedColumn {
  const read = (row: OpenRow) => cellOf(row[position]);
  return { column: { ...column, name }, source: column.name, place: position, read };
}

function cellBelow(column: Column, position: number, name: string, path: readonly string[]): MappedColumn {
  if (column.type !== 'attribute') {
    throw new SluiceError('column_missing', `column ${column.name} has no parts: it is not a document`, {
      path: 'map.only',
      hint: `write parse: [${column.name}] if it holds JSON text, or name the whole column`,
    });
  }
  return {
    column: { name, type: 'attribute', nullable: true },
    read: (row) => {
      const cell = row[position];
      return cell instanceof ParsedDocument ? cell.at(path) : below(cell as Attribute | undefined, path);
    },
  };
}

function made(name: string, given: Constant | Origin): MappedColumn {
  if (typeof given !== 'object' || given === null) return constant(name, given);
  return 'meta' in given ? metaColumn(name, given.meta) : constant(name, given.value);
}

function constant(name: string, value: Constant): MappedColumn {
  const type: LogicalType =
    typeof value === 'boolean' ? 'bool' : typeof value === 'string' || value === null ? 'text' : 'int';
  const cell = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  return { column: { name, type, nullable: value === null }, read: () => cell };
}

function metaColumn(name: string, meta: MetaName): MappedColumn {
  return {
    column: { name, type: metaTypes[meta], nullable: false },
    meta,
    read: (_row, change) => change && metaCell(change, meta),
  };
}

function refuseMeta(mapped: readonly MappedColumn[]): void {
  const asked = mapped.find(({ meta }) => meta !== undefined);
  if (!asked) return;
  const message = `map takes ${asked.meta} of a change for ${asked.column.name}, and the rows of this step are no changes`;
  throw new SluiceError('unsupported', message, {
    path: 'map',
    hint: 'only what follows the changes of a table has it',
  });
}

function namesRead(map: MapOptions): string[] {
  const given = map.only ? (Array.isArray(map.only) ? map.only : Object.values(map.only)) : [];
  const only = given.filter((path) => typeof path === 'string');
  return [...only, ...Object.values(map.rename ?? {}), ...(map.drop ?? [])] as string[];
}

function missingColumns(missing: readonly string[], columns: readonly Column[]): SluiceError {
  const plural = missing.length > 1 ? 's' : '';
  return new SluiceError(
    'column_missing',
    `map names column${plural} that the source lacks: ${missing.join(', ')}`,
    {
      path: 'map',
      hint: `the source has: ${columns.map((column) => column.name).join(', ')}`,
    },
  );
}

function refuseTwice(mapped: readonly MappedColumn[]): void {
  const seen = new Set<string>();
  for (const { column } of mapped) {
    if (seen.has(column.name)) {
      throw new SluiceError('declaration_invalid', `map gives two columns the name ${column.name}`, {
        path: 'map',
        hint: 'rename or drop one of them',
      });
    }
    seen.add(column.name);
  }
}
