import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../errors.js';
import type { Attribute } from '../../values/cell.js';
import { type BucketFiles, bucketed, fixedRecords, textRecords } from '../buckets.js';
import type { Finished } from '../connector.js';
import { type DeletesLimit, guardDeletes } from '../deletes-limit.js';
import { DIGEST_BYTES, digest } from '../digest.js';
import { tornAnswer } from '../dynamodb-failures.js';
import type { RunKeys } from '../run-keys.js';
import { type BatchWriteTable, batchWrite } from './batch-write.js';
import type { BodyRoom } from './body-room.js';
import { keyOfItem } from './key.js';
import { patiently } from './patience.js';

/** As many deletes are handed on at once. */
const DELETE_ROWS = 1000;
/** The sink's keys are read in so many segments side by side. */
const SEGMENTS = 4;

export interface MirrorOptions {
  readonly table: BatchWriteTable;
  readonly keys: RunKeys;
  readonly limit: DeletesLimit;
}

/**
 * Deletes the items whose keys did not come. Nothing is deleted before all of them are known and the guard has
 * agreed (invariant 6). Both sides are sorted into bucket files by digest and compared bucket by bucket.
 * @throws SluiceError deletes_exceeded
 */
export async function deleteGone({ table, keys, limit }: MirrorOptions): Promise<Finished> {
  const folder = join(table.context.scratch, `mirror-${table.context.run}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const came = await bucketed(folder, 'came', async (buckets) => {
    for await (const digests of keys.all()) {
      for (let at = 0; at < digests.length; at += DIGEST_BYTES) {
        await buckets.add(digests.subarray(at, at + DIGEST_BYTES));
      }
    }
  });
  let items = 0;
  const there = await bucketed(folder, 'there', async (buckets) => {
    items = await scanKeys(table, (key) => buckets.addText(digest(key), key));
  });
  const found = { came, there };
  let gone = 0;
  for await (const _ of goneKeys(found)) gone += 1;
  guardDeletes(table.name, gone, items, limit);
  if (gone > 0) await deleteItems(table, goneKeys(found));
  await rm(folder, { recursive: true });
  return { deleted: gone, findings: [] };
}

/** Keys of the sink that did not come; in memory is one bucket's share of the digests. */
async function* goneKeys({ came, there }: { readonly came: BucketFiles; readonly there: BucketFiles }) {
  for (const [bucket, path] of there) {
    const digests = new Set<string>();
    const cameFile = came.get(bucket);
    if (cameFile !== undefined) {
      for await (const record of fixedRecords(cameFile, DIGEST_BYTES)) digests.add(record.toString('latin1'));
    }
    for await (const records of textRecords(path, DIGEST_BYTES)) {
      for (const { head, text } of records) if (!digests.has(head.toString('latin1'))) yield text;
    }
  }
}

interface KeyPage {
  readonly Items?: readonly Record<string, Attribute>[];
  readonly LastEvaluatedKey?: Record<string, Attribute>;
}

/** Gives the key of every item of the table; returns how many there are. */
async function scanKeys(
  table: BatchWriteTable,
  give: (key: string) => Promise<void> | undefined,
): Promise<number> {
  const names: Record<string, string> = {};
  for (const [index, part] of table.key.entries()) names[`#${index}`] = part.name;
  const asked = {
    TableName: table.name,
    ConsistentRead: true,
    ProjectionExpression: Object.keys(names).join(','),
    ExpressionAttributeNames: names,
    TotalSegments: SEGMENTS,
  };
  let items = 0;
  const scanSegment = async (segment: number): Promise<void> => {
    let start: Record<string, Attribute> | undefined;
    do {
      const body = JSON.stringify({ ...asked, Segment: segment, ExclusiveStartKey: start });
      const page = await patiently(table.context, () => table.client.call<KeyPage>('Scan', body));
      for (const item of page.Items ?? []) {
        const key = keyOfItem(item, table.key);
        if (key === undefined) throw tornAnswer('Scan', 'an item without its key');
        items += 1;
        await give(key);
      }
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  };
  await Promise.all(Array.from({ length: SEGMENTS }, (_, segment) => scanSegment(segment)));
  return items;
}

/** Deletes the items with these keys (texts as `keyOf` makes them); one that is not there does no harm. */
export async function deleteItems(
  table: BatchWriteTable,
  keys: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  let some: string[] = [];
  for await (const key of keys) {
    some.push(key);
    if (some.length === DELETE_ROWS) {
      await deleteSome(table, some);
      some = [];
    }
  }
  await deleteSome(table, some);
}

async function deleteSome(table: BatchWriteTable, keys: readonly string[]): Promise<void> {
  const keyOf = (row: number) => keys[row] ?? '';
  const append = (row: number, room: BodyRoom) => {
    room.text(`{"DeleteRequest":{"Key":{${keyOf(row)}}}}`);
    return true;
  };
  await batchWrite(
    table,
    { length: keys.length, append, keyOf },
    {
      written: () => undefined,
      refused: (_, problem) => {
        throw new SluiceError('throttled', `could not delete all that is gone: ${problem.message}`, {
          hint: 'what was written stays; run again to delete the rest',
        });
      },
    },
  );
}
