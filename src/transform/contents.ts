import { SluiceError } from '../errors.js';
import type { Attribute, Cell, Row } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { attributeOfCell } from './attribute-of-cell.js';
import { type Extra, grouped, onlyAt, strayRefusal, without } from './check/extra.js';
import { strayPaths } from './check/known-shape.js';
import { plainAttribute, plainCell } from './check/plain-value.js';
import type { SchemaCheck } from './check/schema-check.js';
import type { Drift } from './drift.js';
import { ParsedDocument } from './json/parsed-document.js';
import { JsonFault } from './json/read-json.js';
import { cellOf, type OpenRow } from './open-row.js';
import { Refusal } from './refusal.js';

/** What is made of rows' contents, and asked of them, before anything else is done to them. */
export interface ContentOptions {
  /** Columns that hold JSON text and become documents. */
  readonly parse?: readonly string[];
  readonly checks?: readonly ContentCheck[];
  /** What becomes of what the schemas do not know; without it, it goes on. */
  readonly extra?: Extra;
  /** Whoever looks at rows on their way, parsed and not yet checked. */
  readonly watch?: Watch;
}

export interface Watch {
  drift?: Drift;
}

export interface ContentCheck {
  /** The column that it is about; absent for the whole item. */
  readonly of?: string;
  readonly schema: SchemaCheck;
}

/** What becomes of rows of one list of columns. */
export interface Contents {
  readonly columns: readonly Column[];
  readonly parsed: ReadonlySet<string>;
  /** Rows that come out may be others than those that came in. */
  readonly alters: boolean;
  /** Absent where nothing is parsed and nothing is checked. */
  readonly open?: (row: Row) => OpenRow | Refusal;
  /** Parses without asking; absent where nothing is parsed. */
  readonly parse?: (row: Row) => OpenRow | Refusal;
}

/** Looks at a row, and where `extra` says so takes out of it what the schema does not know. */
type Check = (row: OpenRow) => Refusal | undefined;

/**
 * Names are those of the source. Throws column_missing for one that a closed source does not have, and
 * declaration_invalid where `extra` would go into a column that there is.
 */
export function contentsOf(options: ContentOptions, columns: readonly Column[], open: boolean): Contents {
  const parse = new Set(options.parse);
  const { checks = [], extra, watch } = options;
  if (!open) requireColumns([...parse, ...checks.flatMap(({ of }) => of ?? [])], columns);
  const after = columns.map((column) => (parse.has(column.name) ? documentColumn(column) : column));
  const places = columns.flatMap(({ name }, place) => (parse.has(name) ? [{ name, place }] : []));
  if (places.length === 0 && checks.length === 0) return { columns, parsed: parse, alters: false };
  const asked = checks.map((check) => compileCheck(check, after, extra));
  const alters = places.length > 0 || (extra !== undefined && extra !== 'reject');
  const outgoing = typeof extra === 'object' ? [...after, extraColumn(extra.into, after)] : after;
  const parseRow = (row: Row): OpenRow | Refusal => {
    const opened: OpenRow = [...row];
    for (const { name, place } of places) {
      const cell = parsedCell(row[place], name);
      if (cell instanceof Refusal) return cell;
      opened[place] = cell;
    }
    return opened;
  };
  const openRow = (row: Row): OpenRow | Refusal => {
    const opened = alters ? parseRow(row) : row;
    if (opened instanceof Refusal) return opened;
    watch?.drift?.note(opened, after);
    for (const ask of asked) {
      const refusal = ask(opened);
      if (refusal) return refusal;
    }
    return opened;
  };
  return {
    columns: Object.freeze(outgoing),
    parsed: parse,
    alters,
    open: openRow,
    ...(places.length > 0 ? { parse: parseRow } : {}),
  };
}

function extraColumn(name: string, columns: readonly Column[]): Column {
  if (!columns.some((column) => column.name === name)) return { name, nullable: true, type: 'attribute' };
  throw new SluiceError('declaration_invalid', `extra goes into ${name}, which the source has itself`, {
    path: 'extra.into',
    hint: 'give it a name of its own',
  });
}

function documentColumn({ name, nullable }: Column): Column {
  return { name, nullable, type: 'attribute' };
}

function requireColumns(names: readonly string[], columns: readonly Column[]): void {
  const known = new Set(columns.map(({ name }) => name));
  const missing = names.filter((name) => !known.has(name));
  if (missing.length === 0) return;
  throw new SluiceError(
    'column_missing',
    `parse or check names what the source lacks: ${missing.join(', ')}`,
    { hint: `the source has: ${[...known].join(', ')}` },
  );
}

/** What is absent or NULL stays so; what is a document already, too. */
function parsedCell(cell: Cell, name: string): Cell | ParsedDocument | Refusal {
  if (cell === undefined || cell === null) return cell;
  if (typeof cell === 'string') return parsed(cell, name);
  if (typeof cell === 'object' && !(cell instanceof Uint8Array)) {
    if ('S' in cell) return parsed(cell.S, name);
    if ('NULL' in cell || 'M' in cell || 'L' in cell) return cell;
  }
  return new Refusal('parse_failed', `${name} is not text`, name);
}

function parsed(text: string, name: string): ParsedDocument | Refusal {
  try {
    return ParsedDocument.of(text);
  } catch (error) {
    if (error instanceof JsonFault) return new Refusal('parse_failed', `${name}: ${error.message}`, name);
    throw error;
  }
}

function compileCheck(
  { of, schema }: ContentCheck,
  columns: readonly Column[],
  extra: Extra | undefined,
): Check {
  const takeOut = extra && compileExtra(extra, columns);
  const place = columns.findIndex(({ name }) => name === of);
  const column = columns[place];
  const path = of === undefined ? [] : [of];
  return (row) => {
    const value =
      of === undefined ? plainItem(row, columns, schema) : column && plainOf(row[place], column, schema);
    if (value === undefined) return new Refusal('check_failed', `${of} is not there`, of);
    const refusal = schema.refusalOf(value, path);
    if (refusal || !takeOut) return refusal;
    const strays = strayPaths(value, schema.shape, path);
    return strays.length === 0 ? undefined : takeOut(row, strays);
  };
}

/** What becomes of what is at paths from the row on: the first step is a column. */
function compileExtra(
  extra: Extra,
  columns: readonly Column[],
): (row: OpenRow, strays: readonly (readonly string[])[]) => Refusal | undefined {
  return (row, strays) => {
    if (extra === 'reject') return strayRefusal(strays[0] ?? []);
    const extras: Record<string, Attribute> = {};
    for (const [name, paths] of grouped(strays)) {
      const place = columns.findIndex((column) => column.name === name);
      const cell = cellOf(row[place]);
      if (cell === undefined) continue;
      const attribute = attributeOfCell(cell, columns[place]?.type ?? 'attribute');
      extras[name] = onlyAt(attribute, paths);
      const isWhole = paths.some((path) => path.length === 0);
      row[place] = isWhole ? undefined : without(attribute, paths);
    }
    if (typeof extra === 'object') row[columns.length] = withMembers(row[columns.length], extras);
    return undefined;
  };
}

function withMembers(cell: OpenRow[number], members: Readonly<Record<string, Attribute>>): Attribute {
  const known = cellOf(cell);
  const before = typeof known === 'object' && known !== null && 'M' in known ? known.M : {};
  return { M: { ...before, ...members } };
}

function plainItem(row: OpenRow, columns: readonly Column[], schema: SchemaCheck): unknown {
  schema.numbers.clear();
  return Object.fromEntries(
    columns.flatMap((column, place) => {
      const value = plainContent(row[place], column, schema);
      return value === undefined ? [] : [[column.name, value]];
    }),
  );
}

function plainOf(cell: OpenRow[number], column: Column, schema: SchemaCheck): unknown {
  schema.numbers.clear();
  return plainContent(cell, column, schema);
}

function plainContent(cell: OpenRow[number], { type }: Column, { numbers }: SchemaCheck): unknown {
  if (!(cell instanceof ParsedDocument)) return plainCell(cell, type, numbers);
  return cell.plain === undefined ? plainAttribute(cell.attribute(), numbers) : cell.plain;
}
