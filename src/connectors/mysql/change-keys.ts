import type { Batch, Rows } from '../../values/batch.js';
import { canonicalNumber } from '../../values/decimal.js';
import { isPacked } from '../../values/joined-rows.js';
import { changesOf } from '../change-chains.js';
import type { Refused } from '../connector.js';
import type { Fitted } from './fit.js';
import { type Line, loadSpelling, type Spelling } from './load-dialect.js';
import { type ColumnMap, keyColumns, type LoadedColumn } from './sink-columns.js';
import { fieldOf, prepareRows } from './sink-rows.js';

/** The keys of a batch's rows: of changes often all that is there. */
export interface ChangeKeys {
  /** A name that is equal for two rows exactly if their keys are; or why the row has no key. */
  nameOf(row: number): string | Omit<Refused, 'row'>;
  /** Of a row that has a key: it as a line of the key's columns. */
  lineOf(row: number): Line;
}

export function changeKeys(map: ColumnMap, rows: Rows, spelling: Spelling): ChangeKeys {
  const key = keyColumns(map);
  return {
    nameOf: (row) => {
      const found = keyFields(key, rows, row);
      return 'fields' in found ? found.name : found;
    },
    lineOf: (row) => {
      const found = keyFields(key, rows, row);
      if (!('fields' in found)) throw new RangeError(`row ${row} has no key`);
      return found.fields.map((field, place) => spelling(field, key[place]?.binary ?? false)).join(',');
    },
  };
}

/** Changes that do not fit: of rows to be there all cells, of keys to go the key. */
export function changesTrial(map: ColumnMap, batch: Batch): readonly Refused[] {
  const changes = changesOf(batch);
  const rows = [...changes.keys()];
  const isRemove = (row: number) => changes[row]?.event === 'remove';
  const puts = prepareRows(
    map,
    batch.rows,
    loadSpelling,
    rows.filter((row) => !isRemove(row)),
  );
  const key = keyColumns(map);
  const removes = rows.filter(isRemove).flatMap((row) => {
    const found = keyFields(key, batch.rows, row);
    return 'fields' in found ? [] : [{ row, ...found }];
  });
  return [...puts.refused, ...removes].sort((one, other) => one.row - other.row);
}

const printedNumbers = new Set(['decimal', 'float', 'double']);

/** The key's fields, and the name of `ChangeKeys`. */
function keyFields(
  key: readonly LoadedColumn[],
  rows: Rows,
  row: number,
): Omit<Refused, 'row'> | { readonly fields: readonly string[]; readonly name: string } {
  if (key.length === 0) return { code: 'key_empty', message: 'a column of the key does not come' };
  const fields: string[] = [];
  const names: string[] = [];
  const whole = isPacked(rows) ? undefined : rows.at(row);
  for (const loaded of key) {
    const field = fieldAt(loaded, rows, row, whole);
    if (typeof field !== 'string') {
      return { code: field.code, message: field.message, column: loaded.column.name };
    }
    fields.push(field);
    names.push(printedNumbers.has(loaded.column.dataType) ? (canonicalNumber(field) ?? field) : field);
  }
  return { fields, name: names.join(',') };
}

function fieldAt(loaded: LoadedColumn, rows: Rows, row: number, whole: ReturnType<Rows['at']>): Fitted {
  return isPacked(rows) ? loaded.fit(rows.cellOf(row, loaded.from)) : fieldOf(loaded, whole ?? []);
}
