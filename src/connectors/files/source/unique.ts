import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Batch } from '../../../values/batch.js';
import type { Attribute, Cell } from '../../../values/cell.js';
import { canonicalNumber } from '../../../values/decimal.js';
import type { Uniqueness } from '../../connector.js';
import { DIGEST_BYTES, digest } from '../../digest.js';

/** As many files as digests are spread over: each is looked at by itself, so that memory holds one of them (invariant 7). */
const BUCKETS = 64;

/** Counts the rows whose values of these columns an earlier row has, by digests on disk. */
export async function uniqueByCount(
  batches: AsyncIterable<Batch>,
  columns: readonly string[],
  scratch: string,
): Promise<Uniqueness> {
  const folder = join(scratch, `unique-${process.pid}-${performance.now()}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const names = Array.from({ length: BUCKETS }, (_, index) => join(folder, String(index)));
    await spread(batches, columns, names);
    let duplicates = 0;
    for (const name of names) duplicates += repeatedIn(await readFile(name));
    return duplicates === 0 ? 'counted' : { duplicates };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function spread(
  batches: AsyncIterable<Batch>,
  columns: readonly string[],
  names: readonly string[],
): Promise<void> {
  const files = names.map((name) => createWriteStream(name, { mode: 0o600 }));
  try {
    for await (const batch of batches) {
      const unread = new Set(batch.refused?.map(({ row }) => row));
      const places = columns.map((name) => batch.columns.findIndex((column) => column.name === name));
      const full = new Set<WriteStream>();
      for (const [index, row] of batch.rows.entries()) {
        // What has no value is no key: the sink says so of each row.
        if (unread.has(index) || places.some((place) => row[place] === null || row[place] === undefined))
          continue;
        const made = digest(JSON.stringify(places.map((place) => comparable(row[place]))));
        const file = files[(made[0] ?? 0) % BUCKETS] as WriteStream;
        if (!file.write(made)) full.add(file);
      }
      await Promise.all([...full].map(drained));
    }
  } finally {
    for (const file of files) file.end();
    await Promise.all(files.map((file) => finished(file)));
  }
}

function drained(file: WriteStream): Promise<void> {
  return new Promise((resolve, reject) => {
    file.once('error', reject);
    file.once('drain', () => {
      file.off('error', reject);
      resolve();
    });
    if (!file.writableNeedDrain) resolve();
  });
}

/** Equal numbers are one value in DynamoDB, however they are spelled. */
function comparable(cell: Cell): unknown {
  if (cell instanceof Uint8Array) return { B: Buffer.from(cell).toString('base64') };
  if (typeof cell === 'object' && cell !== null && 'N' in cell)
    return { N: canonicalNumber(cell.N) ?? cell.N };
  return cell satisfies null | undefined | string | boolean | Attribute;
}

function repeatedIn(digests: Buffer): number {
  const seen = new Set<string>();
  for (let at = 0; at < digests.length; at += DIGEST_BYTES) {
    seen.add(digests.toString('latin1', at, at + DIGEST_BYTES));
  }
  return digests.length / DIGEST_BYTES - seen.size;
}
