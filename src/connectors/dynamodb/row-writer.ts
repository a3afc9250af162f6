import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import type { Attribute, Row } from '../../values/cell.js';
import type { Writer } from '../connector.js';
import type { Conditional } from '../dynamodb-client.js';
import { type BatchWriteTable, exhausted, refusedItem } from './batch-write.js';
import { sameItem } from './compare-item.js';
import { type EncoderCache, unitsOf } from './encoder-cache.js';
import type { ItemEncoder } from './item.js';
import { patiently } from './patience.js';
import type { Problem } from './problem.js';

import { Tally } from './tally.js';

/** One call for one row. */
export interface RowCall {
  readonly action: 'PutItem' | 'UpdateItem';
  /** JSON text of the call's body without TableName and the closing brace, beginning with a comma. */
  readonly text: string;
  /** The item that the sink holds if the call was carried out: for calls with a condition. */
  readonly item?: string;
}

/** What a mode makes of a row. */
export interface RowMode {
  callOf(encode: ItemEncoder, row: Row, key: string): RowCall | Problem;
  /** The condition was not met by this item: why that is not "unchanged". */
  objection?(row: Row, encode: ItemEncoder, found: Readonly<Record<string, Attribute>>): Problem | undefined;
}

interface Answer {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

/** Writes one item to a call (`insert`, `newest`, `update`), several calls at once. */
export function rowWriter(table: BatchWriteTable, encoders: EncoderCache, mode: RowMode): Writer {
  return {
    write: async (batch: Batch) => {
      const encode = encoders.of(batch.columns);
      const tally = new Tally();
      for (const wave of waves(batch, encode, mode, tally)) {
        await table.slots.forEach(wave, (entry) => writeRow(table, mode, encode, entry, tally));
      }
      return tally.result();
    },
    units: (batch, row) => unitsOf(encoders.of(batch.columns), batch, row),
    close: () => Promise.resolve(),
  };
}

interface Entry {
  readonly row: number;
  readonly cells: Row;
  readonly call: RowCall;
}

/** Rows with the same key go one after the other, in the batch's order: the n-th of each key in the n-th wave. */
function waves(batch: Batch, encode: ItemEncoder, mode: RowMode, tally: Tally): Entry[][] {
  const seen = new Map<string, number>();
  const result: Entry[][] = [];
  for (const [row, cells] of batch.rows.entries()) {
    const key = encode.keyOf(cells);
    if (typeof key !== 'string') {
      tally.reject(row, key);
      continue;
    }
    const call = mode.callOf(encode, cells, key);
    if ('code' in call) {
      tally.reject(row, call);
      continue;
    }
    const place = seen.get(key) ?? 0;
    seen.set(key, place + 1);
    const wave = result[place] ?? [];
    wave.push({ row, cells, call });
    result[place] = wave;
  }
  return result;
}

async function writeRow(
  table: BatchWriteTable,
  mode: RowMode,
  encode: ItemEncoder,
  entry: Entry,
  tally: Tally,
): Promise<void> {
  const { call, row, cells } = entry;
  const body = `{"TableName":${JSON.stringify(table.name)},"ReturnConsumedCapacity":"TOTAL"${call.text}}`;
  let unsure = false;
  try {
    const answer = await patiently(table.context, async () => {
      try {
        return await table.client.callIf<Answer>(call.action, body);
      } catch (error) {
        unsure ||= error instanceof SluiceError && error.retry === 'later';
        throw error;
      }
    });
    if (answer.met) {
      tally.used(answer.answer.ConsumedCapacity?.CapacityUnits ?? 0);
      tally.written();
      return;
    }
    unmet(answer, unsure, mode.objection?.bind(mode, cells, encode), entry, tally);
  } catch (error) {
    table.context.signal.throwIfAborted();
    if (!(error instanceof SluiceError)) throw error;
    if (error.code === 'write_refused') tally.reject(row, refusedItem(error));
    else if (error.retry === 'never') throw error;
    else tally.reject(row, exhausted(error));
  }
}

function unmet(
  answer: Conditional<Answer> & { readonly met: false },
  unsure: boolean,
  objection: ((found: Readonly<Record<string, Attribute>>) => Problem | undefined) | undefined,
  { row, call }: Entry,
  tally: Tally,
): void {
  const found = answer.item;
  // An earlier try whose answer was lost may have written exactly this item.
  if (unsure && found && call.item !== undefined && sameItem(JSON.parse(call.item), found)) {
    tally.written();
    return;
  }
  const problem = found && objection?.(found);
  if (problem) tally.reject(row, problem);
  else tally.unchanged();
}
