import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import { type ChangeChains, changeChains, changesOf } from '../change-chains.js';
import type { Writer, Written } from '../connector.js';
import { type BatchItems, batchItems } from './batch-items.js';
import { type BatchWriteTable, batchWrite, type WriteRequests } from './batch-write.js';
import { type EncoderCache, unitsOf } from './encoder-cache.js';
import type { Problem } from './problem.js';
import { Tally } from './tally.js';

/**
 * Mirrors changes: of each key the newest of the batch, as a put or a delete, 25 to a call. Where it is refused the one
 * before it has its turn, so that a reject hides no good change. Batches must come in the order of the changes: what the table
 * holds does not say which change it is of.
 */
export function changeWriter(
  table: BatchWriteTable,
  encoders: EncoderCache,
  ttlDeletes: 'apply' | 'ignore' | undefined,
): Writer {
  return {
    write: async (batch: Batch): Promise<Written> => {
      const items = batchItems(batch.rows, encoders.of(batch.columns));
      const chains = changeChains({ batch, ttlDeletes, keyOf: (row) => items.keyAt(row) });
      return await writeChains(table, batch, items, chains);
    },
    units: (batch, row) => unitsOf(encoders.of(batch.columns), batch, row),
    close: () => Promise.resolve(),
  };
}

async function writeChains(
  table: BatchWriteTable,
  batch: Batch,
  items: BatchItems,
  chains: ChangeChains,
): Promise<Written> {
  const changes = changesOf(batch);
  const isRemove = (row: number) => changes[row]?.event === 'remove';
  const tally = new Tally();
  for (const { row, ...problem } of chains.refused) tally.reject(row, problem);
  let tried = 0;
  for (let turn = chains.newest; turn.length > 0; ) {
    const refused: number[] = [];
    const reject = (row: number, problem: Problem) => {
      refused.push(row);
      tally.reject(row, problem);
    };
    const rows = turn;
    await batchWrite(table, requests(rows, items, isRemove, reject), {
      written: (count, units) => {
        tally.written(count);
        tally.used(units);
      },
      refused: (place, problem) => {
        if (problem.code === 'retries_exhausted') throw notTaken(problem);
        reject(rows[place] ?? -1, problem);
      },
    });
    tried += turn.length;
    turn = refused.flatMap((row) => chains.before(row) ?? []);
  }
  tally.unchanged(changes.length - chains.refused.length - tried);
  return tally.result();
}

/** A reject could not be replayed: a later change of its key may be in by then. So the run stops, and is resumed. */
function notTaken({ message }: Problem): SluiceError {
  return new SluiceError('throttled', `changes were ${message}`, {
    hint: 'run again: it goes on where it stopped',
  });
}

const putOpen = Buffer.from('{"PutRequest":{"Item":{');
const putClose = Buffer.from('}}}');

/** No two rows have the same key. */
function requests(
  rows: readonly number[],
  items: BatchItems,
  isRemove: (row: number) => boolean,
  reject: (row: number, problem: Problem) => void,
): WriteRequests {
  const rowAt = (place: number) => rows[place] ?? -1;
  const keyOf = (place: number) => {
    const key = items.keyAt(rowAt(place));
    if (typeof key !== 'string') throw new RangeError('a change without key was sent');
    return key;
  };
  return {
    length: rows.length,
    keyOf,
    append: (place, room) => {
      const row = rowAt(place);
      if (isRemove(row)) {
        room.text(`{"DeleteRequest":{"Key":{${keyOf(place)}}}}`);
        return true;
      }
      room.put(putOpen);
      const problem = items.append(row, room);
      if (problem) {
        reject(row, problem);
        return false;
      }
      room.put(putClose);
      return true;
    },
  };
}
