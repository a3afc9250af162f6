import { bucketed, fixedRecords } from '../../buckets.js';
import { DIGEST_BYTES, digest } from '../../digest.js';

const INDEX_BYTES = 6;
const RECORD_BYTES = DIGEST_BYTES + INDEX_BYTES;

/**
 * Which entries repeat the key of an earlier one: the keys' digests go to files by their first byte, and each file is
 * looked through by itself. So a 256th of the digests is held at once, and a bit for each entry.
 */
export class Repeated {
  readonly count: number;
  readonly #bits: Uint8Array;

  private constructor(bits: Uint8Array, count: number) {
    this.#bits = bits;
    this.count = count;
  }

  /** `fill` is handed what to call for each key and its place among all entries; it gives how many these are. */
  static async find(
    folder: string,
    fill: (add: (key: string, index: number) => Promise<void> | undefined) => Promise<number>,
  ): Promise<Repeated> {
    let entries = 0;
    const record = Buffer.alloc(RECORD_BYTES);
    const files = await bucketed(folder, 'list-digests', async (buckets) => {
      entries = await fill((key, index) => {
        digest(key).copy(record);
        record.writeUIntBE(index, DIGEST_BYTES, INDEX_BYTES);
        return buckets.add(record);
      });
    });
    const bits = new Uint8Array(Math.ceil(entries / 8));
    let count = 0;
    for (const path of files.values()) {
      for await (const index of repeatedIn(path)) {
        bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
        count++;
      }
    }
    return new Repeated(bits, count);
  }

  has(index: number): boolean {
    return ((this.#bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }
}

/** Records lie in a file in the order in which they came. */
async function* repeatedIn(path: string): AsyncGenerator<number> {
  const seen = new Set<string>();
  for await (const record of fixedRecords(path, RECORD_BYTES)) {
    const text = record.toString('latin1', 0, DIGEST_BYTES);
    if (seen.has(text)) yield record.readUIntBE(DIGEST_BYTES, INDEX_BYTES);
    else seen.add(text);
  }
}
