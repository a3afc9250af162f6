/** Changes that are mapped already, as lines of JSON: what lies between the function that maps and the one that loads. */
import type { Batch, Change } from '../../values/batch.js';
import type { Column } from '../../values/column.js';
import { restoredCell, type StoredCell, storedRow } from '../../values/stored-cell.js';
import { columnFor } from '../rejects.js';

/** A line: names are in it, so that one written before `map` was changed is not taken for another. */
interface DeliveredLine {
  readonly change: Change;
  readonly row: Readonly<Record<string, StoredCell>>;
}

/** Ends with a newline: a delivery stream puts nothing between records. */
export function deliveredLine(batch: Batch, row: number): string {
  const change = batch.changes?.at(row);
  const cells = storedRow(batch.rows.at(row) ?? [], batch.columns);
  return `${JSON.stringify({ change, row: cells })}\n`;
}

/** Lines without their ends. Columns that are not known come behind those that are. Throws SyntaxError for what is no line. */
export function deliveredBatch(lines: readonly string[], known: readonly Column[]): Batch {
  const parsed = lines.map(lineOf);
  const columns = new Map(known.map((column) => [column.name, column]));
  for (const { row } of parsed) {
    for (const [name, cell] of Object.entries(row)) {
      if (!columns.has(name)) columns.set(name, columnFor(name, cell));
    }
  }
  const all = columns.size === known.length ? known : Object.freeze([...columns.values()]);
  return {
    columns: all,
    rows: parsed.map(({ row }) =>
      all.map(({ name }) => restoredCell(Object.hasOwn(row, name) ? row[name] : undefined)),
    ),
    bytes: lines.reduce((sum, line) => sum + line.length, 0),
    changes: parsed.map(({ change }) => change),
  };
}

function lineOf(text: string): DeliveredLine {
  const line = JSON.parse(text) as Partial<DeliveredLine> | null;
  const { change, row } = line ?? {};
  if (!isObject(row) || !isObject(change) || !/^\d+$/.test(String(change.sequence))) {
    throw new SyntaxError('the line holds no change');
  }
  return { change, row };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
