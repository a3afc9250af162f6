import type { Batch } from '../../values/batch.js';
import type { Writer, Written } from '../connector.js';
import { DIGEST_BYTES, digestText } from '../digest.js';
import type { RunKeys } from '../run-keys.js';
import { type BatchItems, batchItems } from './batch-items.js';
import { type BatchWriteTable, batchWrite, type WriteRequests } from './batch-write.js';
import { BodyRoom } from './body-room.js';
import { type EncoderCache, unitsOf } from './encoder-cache.js';
import type { Problem } from './problem.js';
import { Tally } from './tally.js';

/** Writes whole items, 25 to a call (`put` and `mirror`, which remembers the keys). Of rows with the same key the last one counts. */
export function putWriter(table: BatchWriteTable, encoders: EncoderCache, came: RunKeys | undefined): Writer {
  return {
    write: async (batch: Batch): Promise<Written> => {
      const tally = new Tally();
      const items = batchItems(batch.rows, encoders.of(batch.columns));
      // Before the items: a key that is remembered for nothing costs at most a delete that waits for the next run.
      await came?.add(digestsOf(items));
      await batchWrite(table, putRequests(items, tally), {
        written: (rows, units) => {
          tally.written(rows);
          tally.used(units);
        },
        refused: (row, problem) => tally.reject(row, problem),
      });
      return tally.result();
    },
    units: (batch, row) => unitsOf(encoders.of(batch.columns), batch, row),
    close: () => Promise.resolve(),
  };
}

/** Of the keys of all rows that have one. */
function digestsOf(items: BatchItems): Buffer {
  const digests = Buffer.allocUnsafe(items.length * DIGEST_BYTES);
  let end = 0;
  for (let row = 0; row < items.length; row++) {
    const key = items.keyAt(row);
    if (typeof key === 'string') end += digests.write(digestText(key), end, 'latin1');
  }
  return digests.subarray(0, end);
}

const open = Buffer.from('{"PutRequest":{"Item":{');
const close = Buffer.from('}}}');

/** The rows that can be sent, one for each key. */
function putRequests(items: BatchItems, tally: Tally): WriteRequests {
  const last = lastRows(items);
  return {
    length: items.length,
    append: (row, room) => {
      room.put(open);
      const problem = items.append(row, room);
      if (problem) {
        tally.reject(row, problem);
        return false;
      }
      if (last && last.get(items.keyAt(row)) !== row) {
        tally.unchanged();
        return false;
      }
      room.put(close);
      return true;
    },
    keyOf: (row) => {
      const key = items.keyAt(row);
      if (typeof key !== 'string') throw new RangeError(`row ${row} has no key and was sent`);
      return key;
    },
  };
}

/** For each key the last row that can be sent; undefined where no two rows have the same key. */
function lastRows(items: BatchItems): ReadonlyMap<string | Problem, number> | undefined {
  if (items.distinct) return undefined;
  const room = new BodyRoom();
  const last = new Map<string | Problem, number>();
  for (let row = 0; row < items.length; row++) {
    if (!items.append(row, room)) last.set(items.keyAt(row), row);
    room.cut(0);
  }
  return last;
}
