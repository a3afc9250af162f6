/**
 * Writes a cell's bytes, as DynamoDB spelled them, as the field that `fit` would give for it: the usual cases,
 * byte by byte and without making a string. Reads `source` from `start` to `end`, writes `target` from `at` on, and
 * gives the place after the field; or DECLINED, where only `fit` can tell, whatever it has written until then.
 * `flags` are WIDE and ESCAPED of AttributeRows. `target` has room for ROOM bytes more than the cell has.
 */
export type CellWriter = (
  source: Uint8Array,
  start: number,
  end: number,
  flags: number,
  target: Uint8Array,
  at: number,
) => number;

export const DECLINED = -1;

/** What a field may have besides the cell's bytes: quotes, or a word in place of the cell. */
export const ROOM = 8;

/** Copies bytes one by one: for few of them a call into the runtime costs more. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  let to = at;
  for (let from = start; from < end; from++) target[to++] = source[from] as number;
  return to;
}
