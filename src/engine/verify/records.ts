import { type Buckets, textRecords } from '../../connectors/buckets.js';
import type { ComparableRow, Expected } from '../../connectors/comparison.js';
import { DIGEST_BYTES, digestText } from '../../connectors/digest.js';

/**
 * A row of one side as it lies in a bucket file: what names it, and a digest of its content.
 *
 *   bucket (1) · pass (1) · state (1) · place (4) · digest (16) · the row's name
 *
 * A row is named by its key, or where rows have none by the digest of its content.
 */
const PLACE_AT = 3;
const DIGEST_AT = 7;
const HEAD_BYTES = DIGEST_AT + DIGEST_BYTES;
const STATE_AT = 2;
const REFUSED = 1;

export interface SideRecord {
  readonly name: string;
  /** Decides in which of several passes over a large bucket the row is compared. */
  readonly pass: number;
  /** A copy would refuse the row: nothing is expected. */
  readonly refused: boolean;
  /** Where the source was read; 0 for rows of the sink. */
  readonly place: number;
  readonly digest: string;
}

/** What a row is called within a verification. */
export function nameOf(row: ComparableRow, keyed: boolean): string {
  return keyed ? row.key : Buffer.from(digestText(row.content), 'latin1').toString('hex');
}

/** Adds rows of one side to buckets; both sides put rows of one name into the same bucket. */
export class SideWriter {
  readonly #buckets: Buckets;
  readonly #keyed: boolean;
  readonly #head = Buffer.alloc(HEAD_BYTES);

  constructor(buckets: Buckets, keyed: boolean) {
    this.#buckets = buckets;
    this.#keyed = keyed;
  }

  /** A row whose key is not known cannot be told from others and is left out. Wait for what is returned. */
  add(row: Expected, place: number): Promise<void> | undefined {
    if (!('refused' in row)) return this.#add(nameOf(row, this.#keyed), 0, place, row.content);
    return this.#keyed && row.key !== undefined ? this.#add(row.key, REFUSED, place, '') : undefined;
  }

  #add(name: string, state: number, place: number, content: string): Promise<void> | undefined {
    const head = this.#head;
    head.writeUInt16BE(spread(name), 0);
    head[STATE_AT] = state;
    head.writeUInt32BE(place, PLACE_AT);
    if (this.#keyed) head.write(digestText(content), DIGEST_AT, 'latin1');
    return this.#buckets.addText(head, name);
  }
}

/** 16 bits of FNV-1a: names that differ little come to lie in different buckets. */
function spread(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return ((hash >>> 16) ^ hash) & 0xffff;
}

/** The records of a file, as many at once as are read at once. */
export async function* sideRecords(path: string): AsyncGenerator<readonly SideRecord[]> {
  for await (const records of textRecords(path, HEAD_BYTES)) {
    yield records.map(({ head, text }) => ({
      name: text,
      pass: head[1] ?? 0,
      refused: head[STATE_AT] === REFUSED,
      place: head.readUInt32BE(PLACE_AT),
      digest: head.toString('latin1', DIGEST_AT),
    }));
  }
}
