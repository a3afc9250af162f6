import type { Cell, Row } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { Refusal } from './refusal.js';
import { closeChanged, openRow, type RowFunction, type RowValue, typeOf } from './row.js';

/** More columns than this from a row function are taken for a mistake (values used as names). */
const MAX_ROW_COLUMNS = 2000;

/**
 * Calls a row function and gives its rows columns. A column that the function makes up takes its type from
 * its first value; later values must agree. Key columns must come back as they were: that they are unique
 * was proved of the rows that went in.
 */
export class RowFunctionStage {
  readonly #call: RowFunction;
  readonly #key: readonly string[];
  readonly #made = new Map<string, { readonly column: Column; readonly index: number }>();
  #columns: readonly Column[] = Object.freeze([]);

  constructor(call: RowFunction, key: readonly string[]) {
    this.#call = call;
    this.#key = key;
  }

  /** The columns of the rows given so far; a new array when one was added. */
  columns(incoming: readonly Column[]): readonly Column[] {
    for (const column of incoming) this.#column(column.name, column);
    if (this.#columns.length !== this.#made.size) {
      this.#columns = Object.freeze([...this.#made.values()].map((made) => made.column));
    }
    return this.#columns;
  }

  /** The row in the places of its columns, without a call: of an item that is gone nothing but its key is there. */
  carry(row: Row, incoming: readonly Column[]): Row | Refusal {
    const result: Row = [];
    for (const [index, column] of incoming.entries()) {
      const made = this.#column(column.name, column);
      if (made instanceof Refusal) return made;
      result[made.index] = row[index];
    }
    return filled(result, this.#made.size);
  }

  apply(row: Row, incoming: readonly Column[]): Row | Refusal {
    const before = openRow(row, incoming);
    const given = { ...before };
    let returned: unknown;
    try {
      returned = this.#call(given);
    } catch (error) {
      return new Refusal('row_function', `the row function threw ${errorName(error)}`);
    }
    if (!isRow(returned))
      return new Refusal('row_shape', `the row function returned ${shapeName(returned)}, not a row`);
    const moved = this.#key.find(
      (name) => returned[name] !== before[name] && !sameBytes(returned[name], before[name]),
    );
    if (moved !== undefined) {
      return new Refusal('row_shape', `the row function changed the key column ${moved}`, moved);
    }
    return this.#close(returned, before, row, incoming);
  }

  #close(
    returned: Record<string, RowValue>,
    before: Record<string, RowValue>,
    row: Row,
    incoming: readonly Column[],
  ): Row | Refusal {
    const known = new Map(incoming.map((column, index) => [column.name, index]));
    const result: Row = [];
    for (const [name, value] of Object.entries(returned)) {
      if (value === undefined) continue;
      const index = known.get(name);
      const made = this.#column(name, index === undefined ? madeUp(name, value) : incoming[index]);
      if (made instanceof Refusal) return made;
      const original = index === undefined ? undefined : row[index];
      const cell: Cell | Refusal = closeChanged(value, before[name], original, made.column);
      if (cell instanceof Refusal) return cell;
      result[made.index] = cell;
    }
    return filled(result, this.#made.size);
  }

  #column(name: string, column: Column | undefined): { column: Column; index: number } | Refusal {
    const made = this.#made.get(name);
    if (made) return made;
    if (!column) return { column: { name, type: 'text', nullable: true }, index: this.#made.size };
    if (this.#made.size >= MAX_ROW_COLUMNS) {
      return new Refusal('row_shape', `the row function made more than ${MAX_ROW_COLUMNS} different columns`);
    }
    const added = { column, index: this.#made.size };
    this.#made.set(name, added);
    return added;
  }
}

/** A made-up column. NULL alone tells no type, so that each later value says its own. */
function madeUp(name: string, value: RowValue): Column {
  return { name, type: typeOf(value) ?? 'attribute', nullable: true };
}

/** No holes: an absent cell is undefined. */
function filled(row: Row, length: number): Row {
  return Array.from({ length }, (_, index) => row[index]);
}

function isRow(value: unknown): value is Record<string, RowValue> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function shapeName(value: unknown): string {
  if (value instanceof Promise) return 'a promise (it must be synchronous)';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.constructor.name : `a ${typeof error}`;
}

function sameBytes(one: RowValue, other: RowValue): boolean {
  return one instanceof Uint8Array && other instanceof Uint8Array && Buffer.from(one).equals(other);
}
