import { AttributeRows, cellKinds, type Spans } from '../../values/attribute-rows.js';
import type { Rows } from '../../values/batch.js';
import type { Cell } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { MixedRows } from '../../values/mixed-rows.js';
import { ABSENT_START, NULL_START, TextRows } from '../../values/text-rows.js';
import { typedRowMaker } from '../../values/typed-row.js';
import type { AsType } from '../as.js';
import { Refusal } from '../refusal.js';
import { type TakeCell, takers } from './take-cell.js';
import { TextRoom } from './text-room.js';

/** An outgoing column whose cells are those of one that comes. */
export interface ByteColumn {
  /** Outgoing. */
  readonly column: Column;
  /** The place of the cell in rows that come. */
  readonly place: number;
  /** Absent where the cell goes on as it came. */
  readonly typed?: {
    readonly as: AsType;
    /** Something is done to NULL or the empty text. */
    readonly softened: boolean;
    /** The exact way of every cell. */
    convert(cell: Cell): Cell | Refusal;
  };
}

/** What became of rows: as in Transformed. */
export interface ByteMapped {
  readonly rows: Rows;
  /** Of each row that is left its number among those that came. */
  readonly origin: readonly number[];
  readonly dropped: readonly { readonly row: number; readonly refusal: Refusal }[];
}

type Typed = NonNullable<ByteColumn['typed']> & {
  readonly place: number;
  readonly taker: TakeCell | undefined;
};

/**
 * Picks columns of items and gives them types while they stay bytes: the rows, and the refusals, are those that `map` and `as` make of
 * their cells.
 */
export class ByteMap {
  readonly #kinds: readonly ('text' | 'attribute')[];
  readonly #typed: readonly Typed[];
  readonly #typedColumns: readonly Column[];
  /** Places of cells that go on as they came. */
  readonly #untyped: readonly number[];

  constructor(columns: readonly ByteColumn[]) {
    this.#kinds = columns.map(({ typed }) => (typed ? 'text' : 'attribute'));
    this.#typed = columns.flatMap(({ place, typed }) =>
      typed ? [{ ...typed, place, taker: takers[typed.as] }] : [],
    );
    this.#typedColumns = columns.flatMap(({ column, typed }) => (typed ? [column] : []));
    this.#untyped = columns.flatMap(({ place, typed }) => (typed ? [] : [place]));
  }

  /** Undefined where bytes cannot hold what becomes of a cell. */
  apply(rows: AttributeRows): ByteMapped | undefined {
    if (this.#typed.length === 0) return { rows: picked(rows, this.#untyped), origin: [], dropped: [] };
    const made = typedRows(rows, this.#typed, this.#typedColumns);
    if (!made || this.#untyped.length === 0) return made;
    const { origin, dropped } = made;
    const attributes = picked(rows, this.#untyped, dropped.length === 0 ? undefined : origin);
    return { rows: new MixedRows(this.#kinds, made.rows, attributes), origin, dropped };
  }
}

/** The cells at these places of each row, or of the rows of these numbers. */
function picked(rows: AttributeRows, places: readonly number[], chosen?: readonly number[]): AttributeRows {
  const length = chosen?.length ?? rows.length;
  const width = places.length;
  const { kinds, starts, ends } = rows.spans;
  const spans: Spans = {
    stride: width,
    kinds: new Uint8Array(length * width),
    starts: new Int32Array(length * width),
    ends: new Int32Array(length * width),
  };
  for (let row = 0, to = 0; row < length; row++) {
    const offset = rows.offset(chosen ? (chosen[row] as number) : row);
    for (let column = 0; column < width; column++, to++) {
      const from = offset + (places[column] as number);
      spans.kinds[to] = kinds[from] as number;
      spans.starts[to] = starts[from] as number;
      spans.ends[to] = ends[from] as number;
    }
  }
  return new AttributeRows(rows.bytes, spans, width, length);
}

function typedRows(
  rows: AttributeRows,
  columns: readonly Typed[],
  outgoing: readonly Column[],
): (ByteMapped & { readonly rows: TextRows }) | undefined {
  const cells = new TypedCells(rows, columns);
  const origin: number[] = [];
  const dropped: { row: number; refusal: Refusal }[] = [];
  for (let row = 0; row < rows.length; row++) {
    const end = cells.add(row);
    if (end === 'unfit') return undefined;
    if (end === undefined) origin.push(row);
    else dropped.push({ row, refusal: end });
  }
  const content = { bytes: cells.bytes, spans: cells.spans, make: typedRowMaker(outgoing) };
  return { rows: new TextRows(content, columns.length, origin.length), origin, dropped };
}

/** Half of a pair, which UTF-8 cannot hold; a whole pair is one character. */
const half = /\p{Surrogate}/u;

/** The cells of rows whose columns are all given types. */
class TypedCells {
  readonly #rows: AttributeRows;
  readonly #columns: readonly Typed[];
  readonly #room: TextRoom;
  readonly #stride: number;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #length = 0;

  constructor(rows: AttributeRows, columns: readonly Typed[]) {
    this.#rows = rows;
    this.#columns = columns;
    this.#room = new TextRoom(rows.bytes);
    this.#stride = columns.length + 1;
    this.#starts = new Int32Array(rows.length * this.#stride);
    this.#ends = new Int32Array(rows.length * this.#stride);
  }

  get bytes(): Buffer {
    return this.#room.bytes;
  }

  get spans() {
    return { stride: this.#stride, starts: this.#starts, ends: this.#ends };
  }

  /** Adds the row; else says why it is none, or `unfit`. */
  add(row: number): Refusal | 'unfit' | undefined {
    const room = this.#room;
    const [starts, ends] = [this.#starts, this.#ends];
    const { spans } = this.#rows;
    const offset = this.#rows.offset(row);
    const first = this.#length * this.#stride;
    let size = 0;
    for (let index = 0; index < this.#columns.length; index++) {
      const column = this.#columns[index] as Typed;
      const from = offset + column.place;
      const kind = spans.kinds[from] as number;
      const to = first + 1 + index;
      if (kind === cellKinds.absent) {
        starts[to] = ABSENT_START;
      } else if (kind === cellKinds.null && !column.softened) {
        starts[to] = NULL_START;
      } else if (this.#takes(column, kind, spans.starts[from] as number, spans.ends[from] as number)) {
        starts[to] = room.start;
        ends[to] = room.end;
        size += room.end - room.start;
      } else {
        const made = this.#make(column, from);
        if (typeof made !== 'number') return made;
        starts[to] = made;
        if (made < 0) continue;
        ends[to] = room.end;
        size += room.end - room.start;
      }
    }
    ends[first] = size;
    this.#length++;
    return undefined;
  }

  #takes({ taker, softened }: Typed, kind: number, start: number, end: number): boolean {
    if (taker === undefined || (softened && start === end)) return false;
    return taker(this.#room, kind, start, end);
  }

  /** The start of a cell that is made and converted. */
  #make({ convert }: Typed, place: number): number | Refusal | 'unfit' {
    const room = this.#room;
    const cell = convert(this.#rows.cell(place));
    if (cell === undefined) return ABSENT_START;
    if (cell === null) return NULL_START;
    if (cell instanceof Refusal) return cell;
    if (typeof cell === 'boolean') room.takeBool(cell);
    else if (cell instanceof Uint8Array) room.addBytes(cell);
    else if (typeof cell === 'string' && !half.test(cell)) room.addText(cell);
    else return 'unfit';
    return room.start;
  }
}
