import { crc32 } from 'node:zlib';
import { itemTextOf } from './rows.mjs';

/** Items of 200 bytes that fill DynamoDB's page of 1 MB. */
const ITEMS_PER_PAGE = 5000;

/**
 * @typedef {{ body: Buffer, items: number, last: Tail, more: Tail }} Page
 * @typedef {{ bytes: Buffer, checksum: number }} Tail the end of a page, and the CRC32 of the page with it
 */

/** The pages of a table's Scan, built beforehand: items 1 to `items` in order, segments one after the other. */
export class CannedTable {
  /** @type {Page[]} */
  #pages = [];
  /** @readonly */
  items;

  /** @param {number} items */
  constructor(items) {
    this.items = items;
    for (let first = 1; first <= items; first += ITEMS_PER_PAGE) {
      this.#pages.push(buildPage(first, Math.min(first + ITEMS_PER_PAGE - 1, items)));
    }
  }

  /**
   * @param {number} segment
   * @param {number} segments
   * @param {string | undefined} after the id of the last item that was served
   */
  page(segment, segments, after) {
    const from = Math.floor((segment * this.#pages.length) / segments);
    const to = Math.floor(((segment + 1) * this.#pages.length) / segments);
    const index = after === undefined ? from : Math.ceil(Number(after) / ITEMS_PER_PAGE);
    const page = index < to ? this.#pages[index] : undefined;
    if (!page) return emptyPage;
    const tail = index === to - 1 ? page.last : page.more;
    return {
      items: page.items,
      body: page.body,
      tail: tail.bytes,
      bytes: page.body.length + tail.bytes.length,
      checksum: tail.checksum,
    };
  }
}

const emptyBody = Buffer.from('{"Items":[],"Count":0,"ScannedCount":0}');
const emptyPage = {
  items: 0,
  body: emptyBody,
  tail: Buffer.alloc(0),
  bytes: emptyBody.length,
  checksum: crc32(emptyBody),
};

/**
 * @param {number} first
 * @param {number} last
 * @returns {Page}
 */
function buildPage(first, last) {
  const items = last - first + 1;
  const texts = Array.from({ length: items }, (_, index) => itemTextOf(first + index));
  const consumed = '{"TableName":"orders","CapacityUnits":128.5}';
  const body = Buffer.from(
    `{"Count":${items},"ScannedCount":${items},"ConsumedCapacity":${consumed},"Items":[${texts.join(',')}]`,
  );
  const checksum = crc32(body);
  return {
    body,
    items,
    last: tailOf('}', checksum),
    more: tailOf(`,"LastEvaluatedKey":{"id":{"N":"${last}"}}}`, checksum),
  };
}

/**
 * @param {string} text
 * @param {number} checksum of what comes before
 * @returns {Tail}
 */
function tailOf(text, checksum) {
  const bytes = Buffer.from(text);
  return { bytes, checksum: crc32(bytes, checksum) };
}
