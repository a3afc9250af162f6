import type { Batch } from '../../values/batch.js';
import type { Writer, Written } from '../connector.js';
import { type BatchWriteTable, batchWrite, type WriteRequest } from './batch-write.js';
import { type EncoderCache, unitsOf } from './encoder-cache.js';
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
      const keys: string[] = [];
      const requests = putRequests(batch, encoders, tally, keys);
      // Before the items: a key that is remembered for nothing costs at most a delete that waits for the next run.
      await keyLog?.add(keys);
      await batchWrite(table, requests, {
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

/** The rows that can be sent, one for each key. Adds every key to `keys`, those of refused rows too. */
function putRequests(
  batch: Batch,
  encoders: EncoderCache,
  tally: Tally,
  keys: string[],
): Iterable<WriteRequest> & readonly WriteRequest[] {
  const encode = encoders.of(batch.columns);
  const byKey = new Map<string, WriteRequest>();
  for (const [row, cells] of batch.rows.entries()) {
    const key = encode.keyOf(cells);
    if (typeof key !== 'string') {
      tally.reject(row, key);
      continue;
    }
    keys.push(key);
    const attributes = encode.attributesOf(cells, key);
    if (typeof attributes !== 'string') {
      tally.reject(row, attributes);
      continue;
    }
    if (byKey.has(key)) tally.unchanged();
    byKey.set(key, { row, key, text: `{"PutRequest":{"Item":{${key}${attributes}}}}` });
  }
  return [...byKey.values()];
}
