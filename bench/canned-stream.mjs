import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { itemTextOf } from './rows.mjs';

/** What GetRecords gives at most; of these records they are about 0.7 MB, and 1 MB is the other limit. */
const RECORDS_PER_PAGE = 1000;
const MAX_PAGE_BYTES = 1024 * 1024;
const FIRST_SEQUENCE = 100_000_000_000_000_000_000_000n;
/** All was changed an hour before the endpoint was started. */
const changedAt = Math.floor(Date.now() / 1000) - 3600;

/** @typedef {{ body: Buffer, checksum: number, records: number }} Page without its end, which names the next page */
/** @typedef {{ pieces: Buffer[], checksum: number, bytes: number, records: number }} Answer */

/** Pages by their number, built once: streams of other sizes and other shards are made of the same. @type {Page[]} */
const pages = [];

/**
 * The stream of a table into which items 1 to `records` were put, one after the other: open shards whose pages were built
 * beforehand, the n-th page in shard n modulo `shards`. Behind its last page a shard has empty ones.
 */
export class CannedStream {
  #records;
  #shards;
  /** @readonly */
  arn;

  /**
   * @param {string} table
   * @param {number} records a multiple of the page
   * @param {number} shards
   */
  constructor(table, records, shards) {
    if (records % RECORDS_PER_PAGE !== 0) throw new Error(`records come by ${RECORDS_PER_PAGE}`);
    this.#records = records;
    this.#shards = shards;
    this.arn = `arn:aws:dynamodb:eu-west-1:000000000000:table/${table}/stream/2026-01-01T00:00:00.000`;
    for (let page = pages.length; page < records / RECORDS_PER_PAGE; page++) pages.push(buildPage(page));
  }

  describe() {
    const shards = Array.from({ length: this.#shards }, (_, shard) => ({
      ShardId: shardId(shard),
      SequenceNumberRange: { StartingSequenceNumber: sequenceOf(shard * RECORDS_PER_PAGE + 1) },
    }));
    return {
      StreamDescription: {
        StreamArn: this.arn,
        StreamStatus: 'ENABLED',
        StreamViewType: 'NEW_AND_OLD_IMAGES',
        Shards: shards,
      },
    };
  }

  /**
   * @param {string} shard
   * @param {string} type
   * @param {string | undefined} sequence of the first record of a page, or with AFTER_ of the last of one
   */
  iterator(shard, type, sequence) {
    const first = Number(shard.split('-').at(-1));
    if (type === 'TRIM_HORIZON') return this.#iterator(first);
    const record = Number(BigInt(sequence ?? '') - FIRST_SEQUENCE) - (type === 'AT_SEQUENCE_NUMBER' ? 1 : 0);
    const page = record / RECORDS_PER_PAGE;
    if (!Number.isInteger(page)) throw new Error(`no page of a canned stream begins there: ${sequence}`);
    return this.#iterator(type === 'AT_SEQUENCE_NUMBER' ? page : page - 1 + this.#shards);
  }

  /**
   * @param {number} page
   * @param {number | undefined} limit 1, where only the first record of a shard is looked at, or none
   * @returns {Answer}
   */
  answer(page, limit) {
    if (page * RECORDS_PER_PAGE >= this.#records) return answerOf(emptyPage, this.#iterator(page));
    const { [page]: found } = pages;
    if (!found) throw new Error(`no page ${page} of a canned stream`);
    if (limit === undefined) return answerOf(found, this.#iterator(page + this.#shards));
    if (limit !== 1) throw new Error('canned pages have no Limit but 1');
    return answerOf(pageOf([recordTextOf(page * RECORDS_PER_PAGE + 1)]), 'nobody reads on from here');
  }

  /** @param {number} page */
  #iterator(page) {
    return `${this.arn}|${page}`;
  }
}

/** @param {string} iterator */
export function placeOfIterator(iterator) {
  const [arn = '', page = ''] = iterator.split('|');
  return { arn, page: Number(page) };
}

/** @param {number} shard */
function shardId(shard) {
  return `shardId-00000001767225600000-${shard}`;
}

/** @param {number} id */
function sequenceOf(id) {
  return String(FIRST_SEQUENCE + BigInt(id));
}

/** @param {number} page */
function buildPage(page) {
  const first = page * RECORDS_PER_PAGE + 1;
  return pageOf(Array.from({ length: RECORDS_PER_PAGE }, (_, index) => recordTextOf(first + index)));
}

/**
 * @param {readonly string[]} texts
 * @returns {Page}
 */
function pageOf(texts) {
  const body = Buffer.from(`{"Records":[${texts.join(',')}]`);
  if (body.length > MAX_PAGE_BYTES) throw new Error(`a page of ${body.length} bytes`);
  return { body, checksum: crc32(body), records: texts.length };
}

const emptyPage = pageOf([]);

/**
 * @param {Page} page
 * @param {string} next
 * @returns {Answer}
 */
function answerOf({ body, checksum, records }, next) {
  const tail = Buffer.from(`,"NextShardIterator":"${next}"}`);
  return {
    pieces: [body, tail],
    checksum: crc32(tail, checksum),
    bytes: body.length + tail.length,
    records,
  };
}

/**
 * A record as GetRecords spells the insert of an item.
 * @param {number} id
 */
function recordTextOf(id) {
  const item = itemTextOf(id);
  const event = createHash('md5').update(String(id)).digest('hex');
  return (
    `{"awsRegion":"eu-west-1","dynamodb":{"ApproximateCreationDateTime":${changedAt},"Keys":{"id":{"N":"${id}"}},` +
    `"NewImage":${item},"SequenceNumber":"${sequenceOf(id)}","SizeBytes":200,"StreamViewType":"NEW_AND_OLD_IMAGES"},` +
    `"eventID":"${event}","eventName":"INSERT","eventSource":"aws:dynamodb","eventVersion":"1.1"}`
  );
}
