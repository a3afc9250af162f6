import type { Batch } from '../../values/batch.js';
import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';

/** Some rows of a batch. Their size stays that of all. */
export function picked(batch: Batch, places: readonly number[]): Batch {
  const { refused, changes, ...rest } = batch;
  const rows = places.map((place) => batch.rows.at(place) ?? []);
  const placed = new Map(places.map((place, index) => [place, index]));
  const unread = refused?.flatMap((one) => {
    const row = placed.get(one.row);
    return row === undefined ? [] : [{ ...one, row }];
  });
  return {
    ...rest,
    rows,
    ...(changes ? { changes: places.flatMap((place) => changes.at(place) ?? []) } : {}),
    ...(unread && unread.length > 0 ? { refused: unread } : {}),
  };
}

/** The columns of all, each name once; the first list itself where it names all. */
export function joinedColumns(lists: readonly (readonly Column[])[]): readonly Column[] {
  const [first = []] = lists;
  const names = new Set(first.map(({ name }) => name));
  const more: Column[] = [];
  for (const column of lists.slice(1).flat()) {
    if (names.has(column.name)) continue;
    names.add(column.name);
    more.push(column);
  }
  return more.length === 0 ? first : Object.freeze([...first, ...more]);
}

/** Puts cells where another list of columns has them; what a row lacks is absent. */
export function placer(from: readonly Column[], to: readonly Column[]): (row: Row) => Row {
  if (from === to) return (row) => row;
  const places = new Map(from.map(({ name }, index) => [name, index]));
  const indexes = to.map(({ name }) => places.get(name) ?? -1);
  return (row) => indexes.map((index) => (index < 0 ? undefined : row[index]));
}
