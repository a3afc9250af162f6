import type { Batch } from '../../values/batch.js';
import type { Row } from '../../values/cell.js';
import type { Writer, Written } from '../connector.js';
import { type BatchWriteTable, batchWrite, type WriteRequest, type WriteRequests } from './batch-write.js';
import { type EncoderCache, unitsOf } from './encoder-cache.js';
import type { ItemEncoder } from './item.js';
import type { Problem } from './problem.js';
import { Tally } from './tally.js';

/** Keys that came, for `mirror`: remembered durably before `write` returns. */
export interface KeyLog {
  add(keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Writes whole items, 25 to a call (`put` and `mirror`). Of rows with the same key the last one counts. */
export function putWriter(
  table: BatchWriteTable,
  encoders: EncoderCache,
  keyLog: KeyLog | undefined,
): Writer {
  return {
    write: async (batch: Batch): Promise<Written> => {
      const tally = new Tally();
      const encode = encoders.of(batch.columns);
      const rows = [...batch.rows];
      const keys = rows.map((cells) => encode.keyOf(cells));
      // Before the items: a key that is remembered for nothing costs at most a delete that waits for the next run.
      await keyLog?.add(keys.filter((key) => typeof key === 'string'));
      await batchWrite(table, putRequests(rows, encode, keys, tally), {
        written: (rows, units) => {
          tally.written(rows);
          tally.used(units);
        },
        refused: (request, problem) => tally.reject(request.row, problem),
      });
      return tally.result();
    },
    units: (batch, row) => unitsOf(encoders.of(batch.columns), batch, row),
    close: async () => {
      await keyLog?.close();
    },
  };
}

type Keys = readonly (string | Problem)[];

/** The rows that can be sent, one for each key. */
function putRequests(rows: readonly Row[], encode: ItemEncoder, keys: Keys, tally: Tally): WriteRequests {
  const last = lastRows(rows, encode, keys);
  let ready = { row: -1, attributes: '' };
  function* requests(): Generator<WriteRequest> {
    for (const [row, cells] of rows.entries()) {
      const key = keys[row];
      if (typeof key !== 'string') {
        if (key) tally.reject(row, key);
        continue;
      }
      const attributes = encode.attributesOf(cells, key);
      if (typeof attributes !== 'string') {
        tally.reject(row, attributes);
      } else if (last && last.get(key) !== row) {
        tally.unchanged();
      } else {
        ready = { row, attributes };
        yield { row, key };
      }
    }
  }
  const textOf = ({ row, key }: WriteRequest): string => {
    const attributes = ready.row === row ? ready.attributes : encode.attributesOf(rows[row] ?? [], key);
    return `{"PutRequest":{"Item":{${key}${attributes}}}}`;
  };
  return { [Symbol.iterator]: requests, textOf };
}

/** For each key the last row that can be sent; undefined where no two rows have the same key. */
function lastRows(
  rows: readonly Row[],
  encode: ItemEncoder,
  keys: Keys,
): ReadonlyMap<string, number> | undefined {
  if (areAscending(keys) || new Set(keys).size === keys.length) return undefined;
  const last = new Map<string, number>();
  for (const [row, key] of keys.entries()) {
    if (typeof key !== 'string') continue;
    if (typeof encode.attributesOf(rows[row] ?? [], key) === 'string') last.set(key, row);
  }
  return last;
}

/** Whether each key is longer or greater than the one before, as whole numbers come in order: none is there twice then. */
function areAscending(keys: Keys): boolean {
  let before = '';
  for (const key of keys) {
    if (typeof key !== 'string' || key.length < before.length) return false;
    if (key.length === before.length && key <= before) return false;
    before = key;
  }
  return true;
}
