import type { Row } from '../../values/cell.js';
import type { Refused } from '../connector.js';
import { absent, enumError, type Fitted, type Misfit, misfit } from './fit.js';
import { type Line, loadSpelling, type Spelling } from './load-dialect.js';
import type { ColumnMap, LoadedColumn } from './sink-columns.js';

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

/** Turns rows into lines. `only` are the rows to take; all when it is left out. */
export function prepareRows(map: ColumnMap, rows: readonly Row[], spelling: Spelling): PreparedRows {
  const { columns, unknown } = map;
  const refused: Refused[] = [];
  const usual: RowGroup = { columns, lines: [], rows: [], warnings: [] };
  const odd = new Map<string, RowGroup>();
  const isPlain = spelling === loadSpelling;
  next: for (const [index, row] of rows.entries()) {
    for (const { from, name } of unknown) {
      if (row[from] === undefined) continue;
      refused.push({ row: index, ...unknownAttribute(name), column: name });
      continue next;
    }
    let line = '';
    for (let position = 0; position < columns.length; position++) {
      const loaded = columns[position] as LoadedColumn;
      const field = loaded.whole ? loaded.whole(row) : loaded.fit(row[loaded.from]);
      if (typeof field !== 'string') {
        const refusal = oddRow(map, row, index, spelling, odd);
        if (refusal) refused.push(refusal);
        continue next;
      }
      if (position > 0) line += ',';
      line += isPlain ? field : spelling(field, loaded.binary);
    }
    usual.lines.push(line);
    usual.rows.push(index);
  }
  const groups = usual.lines.length > 0 ? [usual, ...odd.values()] : [...odd.values()];
  return { groups, refused };
}

function unknownAttribute(name: string): Misfit {
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

function fieldOf(loaded: LoadedColumn, row: Row): Fitted {
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
