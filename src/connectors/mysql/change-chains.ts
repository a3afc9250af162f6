import { AttributeRows } from '../../values/attribute-rows.js';
import type { Batch, Change, Rows } from '../../values/batch.js';
import { canonicalNumber } from '../../values/decimal.js';
import type { Refused } from '../connector.js';
import type { Fitted } from './fit.js';
import { type Line, loadSpelling, type Spelling } from './load-dialect.js';
import { type ColumnMap, keyColumns, type LoadedColumn } from './sink-columns.js';
import { fieldOf, prepareRows } from './sink-rows.js';

/** More digits than any service's sequence numbers have; as many as the server's DECIMAL holds. */
const SEQUENCE = /^\d{1,65}$/;

/** The changes of a batch by the keys of their rows, so that only the last good one of each key is applied. */
export interface ChangeChains {
  /** Of each key the newest change, by row. */
  readonly newest: readonly number[];
  /** Changes that no row can be found for: a part of the key is missing or does not fit. */
  readonly refused: readonly Refused[];
  /** Changes that are left out by the declaration (`ttlDeletes: ignore`). */
  readonly ignored: number;
  /** The key of the row as a line of the key's columns. */
  keyOf(row: number): Line;
  /** The change of the same key before this one: what stands when this one is refused. */
  before(row: number): number | undefined;
}

export interface ChainRequest {
  readonly batch: Batch;
  readonly map: ColumnMap;
  readonly spelling: Spelling;
  readonly ignores: (change: Change) => boolean;
}

export function changeChains({ batch, map, spelling, ignores }: ChainRequest): ChangeChains {
  const changes = changesOf(batch);
  const key = keyColumns(map);
  const chains = new Map<string, number[]>();
  const lines = new Map<number, Line>();
  const before = new Map<number, number>();
  const refused: Refused[] = [];
  let ignored = 0;
  for (const [row, change] of changes.entries()) {
    if (!SEQUENCE.test(change.sequence)) throw new RangeError('a sequence number is not decimal digits');
    if (ignores(change)) {
      ignored++;
      continue;
    }
    const found = keyFields(key, batch.rows, row);
    if ('row' in found) {
      refused.push(found);
      continue;
    }
    lines.set(
      row,
      found.fields.map((field, place) => spelling(field, key[place]?.binary ?? false)).join(','),
    );
    const chain = chains.get(found.name);
    if (chain) chain.push(row);
    else chains.set(found.name, [row]);
  }
  const newest: number[] = [];
  for (const chain of chains.values()) {
    if (chain.length > 1) chain.sort((one, other) => compareChanges(changes, one, other));
    for (let place = 1; place < chain.length; place++) before.set(chain[place] ?? -1, chain[place - 1] ?? -1);
    newest.push(chain.at(-1) ?? -1);
  }
  return {
    newest: newest.sort((one, other) => one - other),
    refused,
    ignored,
    keyOf: (row) => lines.get(row) ?? '',
    before: (row) => before.get(row),
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
    return 'row' in found ? [found] : [];
  });
  return [...puts.refused, ...removes].sort((one, other) => one.row - other.row);
}

/** The batch's changes, one for each row. */
export function changesOf({ changes, rows }: Batch): readonly Change[] {
  if (changes?.length === rows.length) return changes;
  throw new RangeError('a batch of changes does not say what happened to each row');
}

/** By sequence number, digit by digit: they have more digits than a double. Of the same change the one that came last. */
function compareChanges(changes: readonly Change[], one: number, other: number): number {
  const [first, second] = [one, other].map((row) => (changes[row]?.sequence ?? '').replace(/^0+/, ''));
  if (first === undefined || second === undefined || first === second) return one - other;
  if (first.length !== second.length) return first.length - second.length;
  return first < second ? -1 : 1;
}

const printedNumbers = new Set(['decimal', 'float', 'double']);

/** The key's fields, and a name that is equal for two rows exactly if their keys are. */
function keyFields(
  key: readonly LoadedColumn[],
  rows: Rows,
  row: number,
): Refused | { readonly fields: readonly string[]; readonly name: string } {
  if (key.length === 0) return { row, code: 'key_empty', message: 'a column of the key does not come' };
  const fields: string[] = [];
  const names: string[] = [];
  const whole = rows instanceof AttributeRows ? undefined : rows.at(row);
  for (const loaded of key) {
    const field = fieldAt(loaded, rows, row, whole);
    if (typeof field !== 'string') {
      return { row, code: field.code, message: field.message, column: loaded.column.name };
    }
    fields.push(field);
    names.push(printedNumbers.has(loaded.column.dataType) ? (canonicalNumber(field) ?? field) : field);
  }
  return { fields, name: names.join(',') };
}

function fieldAt(loaded: LoadedColumn, rows: Rows, row: number, whole: ReturnType<Rows['at']>): Fitted {
  if (!(rows instanceof AttributeRows)) return fieldOf(loaded, whole ?? []);
  return loaded.fit(rows.cell(rows.offset(row) + loaded.from));
}
