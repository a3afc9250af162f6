import { AttributeRows, cellKinds, KIND_MASK } from '../../values/attribute-rows.js';
import type { Rows } from '../../values/batch.js';
import type { Row } from '../../values/cell.js';
import { isPacked, JoinedRows } from '../../values/joined-rows.js';
import type { Refused } from '../connector.js';
import { absent, enumError, type Fitted, type Misfit, misfit } from './fit.js';
import { type Line, loadSpelling, type Spelling } from './load-dialect.js';
import { type EncodedLines, LazyLines, LineEncoder, type LineRoom } from './load-encoder.js';
import { type ColumnMap, type LoadedColumn, NOWHERE } from './sink-columns.js';

/** Rows that one statement loads: they have fields for the same columns. */
export interface RowGroup {
  /** The columns that the lines have fields for. */
  readonly columns: readonly LoadedColumn[];
  readonly lines: Line[];
  /** For each line, its row in the batch. */
  readonly rows: number[];
  /** For each line the warnings that its error values of ENUM cause; empty where none does. */
  readonly warnings: number[];
}

export interface PreparedRows {
  readonly groups: readonly RowGroup[];
  readonly refused: readonly Refused[];
}

/** The rows of a batch that have all columns, as LOAD DATA reads them; the others are groups of their own. */
export interface EncodedRows {
  readonly columns: readonly LoadedColumn[];
  readonly lines: EncodedLines;
  /** Complete once all lines were taken. */
  readonly others: PreparedRows;
}

/** Which rows become lines, and what each line begins with: fields that are spelled already. */
export interface RowChoice {
  readonly chosen: readonly number[];
  readonly head: (row: number) => string;
  /** Is told of each row whose line was written. */
  readonly took: (row: number) => void;
}

/** Turns rows, or the chosen ones, into lines. */
export function prepareRows(
  map: ColumnMap,
  rows: Rows,
  spelling: Spelling,
  chosen: Iterable<number> = everyRow(rows),
): PreparedRows {
  const usual: RowGroup = { columns: map.columns, lines: [], rows: [], warnings: [] };
  const sorting = new RowSorting(map, rows, spelling, (index) => {
    const line = usualLine(map.columns, rows.at(index) ?? [], spelling);
    if (line === undefined) return false;
    usual.lines.push(line);
    usual.rows.push(index);
    return true;
  });
  for (const row of chosen) sorting.add(row);
  const { groups, refused } = sorting;
  return { groups: usual.lines.length > 0 ? [usual, ...groups] : groups, refused };
}

/**
 * The same for LOAD DATA, written into the room as the lines are taken: much faster, since no line is ever a string.
 * Nothing else may use the room meanwhile.
 */
export function encodeRows(map: ColumnMap, rows: Rows, room: LineRoom, choice?: RowChoice): EncodedRows {
  const encoder = new LineEncoder(room);
  const encode = rowEncoder(map.columns, rows, encoder);
  const others = new RowSorting(map, rows, loadSpelling, choice ? headed(encode, encoder, choice) : encode);
  const count = choice?.chosen.length ?? rows.length;
  let next = 0;
  const lines = new LazyLines(encoder, () => {
    if (next === count) return false;
    others.add(choice ? (choice.chosen[next] as number) : next);
    next++;
    return true;
  });
  return { columns: map.columns, lines, others };
}

function rowEncoder(
  columns: readonly LoadedColumn[],
  rows: Rows,
  encoder: LineEncoder,
): (index: number) => boolean {
  if (rows instanceof AttributeRows) return (index) => encodeBytes(columns, rows, index, encoder);
  if (rows instanceof JoinedRows) {
    return (index) => encodeBytes(columns, rows.partOf(index), rows.within(index), encoder);
  }
  return (index) => encodeRow(columns, rows.at(index) ?? [], encoder);
}

function* everyRow(rows: Rows): Generator<number> {
  for (let index = 0; index < rows.length; index++) yield index;
}

function headed(
  encode: (index: number) => boolean,
  encoder: LineEncoder,
  { head, took }: RowChoice,
): (index: number) => boolean {
  return (index) => {
    encoder.field(head(index));
    const isTaken = encode(index);
    if (isTaken) took(index);
    return isTaken;
  };
}

/** Rows that are taken, and those that are not: odd ones, by the columns that they have, and refused ones. */
class RowSorting implements PreparedRows {
  readonly refused: Refused[] = [];
  readonly #map: ColumnMap;
  readonly #rows: Rows;
  readonly #spelling: Spelling;
  readonly #take: (index: number) => boolean;
  readonly #odd = new Map<string, RowGroup>();

  /** `take` says whether it took the row. */
  constructor(map: ColumnMap, rows: Rows, spelling: Spelling, take: (index: number) => boolean) {
    this.#map = map;
    this.#rows = rows;
    this.#spelling = spelling;
    this.#take = take;
  }

  get groups(): readonly RowGroup[] {
    return [...this.#odd.values()];
  }

  add(index: number): void {
    const { unknown } = this.#map;
    const rows = this.#rows;
    const stray = unknown.length > 0 && unknown.find(({ from }) => isThere(rows, index, from));
    if (stray) {
      this.refused.push({ row: index, ...unknownAttribute(stray.name), column: stray.name });
    } else if (!this.#take(index)) {
      const refusal = oddRow(this.#map, rows.at(index) ?? [], index, this.#spelling, this.#odd);
      if (refusal) this.refused.push(refusal);
    }
  }
}

function isThere(rows: Rows, index: number, column: number): boolean {
  if (isPacked(rows)) return rows.kindOf(index, column) !== cellKinds.absent;
  return rows.at(index)?.[column] !== undefined;
}

/** The row's line, if each of its cells is a field. */
function usualLine(columns: readonly LoadedColumn[], row: Row, spelling: Spelling): Line | undefined {
  const fields: string[] = [];
  for (const loaded of columns) {
    const field = fieldOf(loaded, row);
    if (typeof field !== 'string') return undefined;
    fields.push(spelling(field, loaded.binary));
  }
  return fields.join(',');
}

/** From bytes to bytes: this is where nearly all of the sink's own time goes. */
function encodeBytes(
  columns: readonly LoadedColumn[],
  rows: AttributeRows,
  index: number,
  encoder: LineEncoder,
): boolean {
  const { bytes, spans } = rows;
  const { kinds, starts, ends } = spans;
  const offset = rows.offset(index);
  for (let position = 0; position < columns.length; position++) {
    const loaded = columns[position] as LoadedColumn;
    const place = offset + loaded.from;
    const isSomewhere = loaded.from !== NOWHERE;
    const kind = isSomewhere ? (kinds[place] as number) : cellKinds.absent;
    const writer = loaded.writers[kind & KIND_MASK];
    const start = starts[place] as number;
    if (writer && encoder.cell(writer, bytes, start, ends[place] as number, kind & ~KIND_MASK)) continue;
    const cell = isSomewhere ? rows.cell(place) : undefined;
    const field = loaded.whole ? loaded.whole(rows.at(index) ?? []) : loaded.fit(cell);
    if (typeof field !== 'string') {
      encoder.dropLine();
      return false;
    }
    encoder.field(field);
  }
  encoder.endLine();
  return true;
}

/** The same for rows of cells. */
function encodeRow(columns: readonly LoadedColumn[], row: Row, encoder: LineEncoder): boolean {
  for (let position = 0; position < columns.length; position++) {
    const loaded = columns[position] as LoadedColumn;
    const plain = loaded.plain?.(row[loaded.from]);
    if (plain !== undefined && encoder.plainText(plain)) continue;
    const field = loaded.whole ? loaded.whole(row) : loaded.fit(row[loaded.from]);
    if (typeof field !== 'string') {
      encoder.dropLine();
      return false;
    }
    encoder.field(field);
  }
  encoder.endLine();
  return true;
}

export function unknownAttribute(name: string): Misfit {
  return misfit('attribute_unknown', `the table has no column for the attribute ${name}`);
}

/** A row with columns left out or error values goes to a group of its kind; any other misfit refuses it. */
function oddRow(
  { columns }: ColumnMap,
  row: Row,
  index: number,
  spelling: Spelling,
  groups: Map<string, RowGroup>,
): Refused | undefined {
  const taken: LoadedColumn[] = [];
  const fields: string[] = [];
  let warnings = 0;
  for (const loaded of columns) {
    const field = fieldOf(loaded, row);
    if (field === absent) continue;
    if (typeof field !== 'string' && field !== enumError) {
      return { row: index, code: field.code, message: field.message, column: loaded.column.name };
    }
    if (field === enumError) warnings++;
    taken.push(loaded);
    fields.push(spelling(typeof field === 'string' ? field : '""', loaded.binary));
  }
  if (taken.length === 0)
    return { row: index, code: absent.code, message: 'the row has none of the table’s columns' };
  const name = JSON.stringify([warnings > 0, taken.map(({ column }) => column.name)]);
  const group = groups.get(name) ?? { columns: taken, lines: [], rows: [], warnings: [] };
  groups.set(name, group);
  group.lines.push(fields.join(','));
  group.rows.push(index);
  if (warnings > 0) group.warnings.push(warnings);
  return undefined;
}

export function fieldOf(loaded: LoadedColumn, row: Row): Fitted {
  return loaded.whole ? loaded.whole(row) : loaded.fit(row[loaded.from]);
}

/** The row's key as a line of the key's columns; undefined if it has none that the table could hold. */
export function keyLine(map: ColumnMap, row: Row, spelling: Spelling): Line | undefined {
  const fields: string[] = [];
  for (const position of map.key) {
    const loaded = map.columns[position];
    const field = loaded && fieldOf(loaded, row);
    if (loaded === undefined || typeof field !== 'string') return undefined;
    fields.push(spelling(field, loaded.binary));
  }
  return fields.length === 0 ? undefined : fields.join(',');
}
