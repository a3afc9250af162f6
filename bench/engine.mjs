import { startDynamodb } from '../.local/compiled/local/dynamodb.js';
import { itemTextOf } from './rows.mjs';

const ITEMS_PER_REQUEST = 25;
/** One connection more does not make dynoxide any faster. */
const CONNECTIONS = 16;

/** An engine looks for a signature of the right form. */
const headers = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=bench/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
};

/** A private DynamoDB engine (or the one of SLUICE_DYNAMODB_URL) with tables of the measurements' items. */
export class Engine {
  #server;

  static async start() {
    return new Engine(await startDynamodb());
  }

  /** @param {import('../.local/compiled/local/dynamodb.js').LocalDynamodb} server */
  constructor(server) {
    this.#server = server;
  }

  get url() {
    return this.#server.endpoint;
  }

  async stop() {
    await this.#server.stop();
  }

  /**
   * Makes the table anew.
   * @param {string} table
   * @param {{ stream?: boolean }} [options]
   */
  async empty(table, { stream = false } = {}) {
    await this.#call('DeleteTable', JSON.stringify({ TableName: table })).catch(() => undefined);
    await this.#call(
      'CreateTable',
      JSON.stringify({
        TableName: table,
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
        BillingMode: 'PAY_PER_REQUEST',
        ...(stream
          ? { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } }
          : {}),
      }),
    );
  }

  /**
   * @param {string} table
   * @param {number} id
   */
  async put(table, id) {
    await this.#call('PutItem', `{"TableName":"${table}","Item":${itemTextOf(id)}}`);
  }

  /**
   * Puts ready-made calls of BatchWriteItem, as fast as the engine takes them. Gives the seconds that it took.
   * @param {string} table
   * @param {readonly number[]} ids
   */
  async load(table, ids) {
    const bodies = bodiesOf(table, ids);
    const started = performance.now();
    const next = bodies.values();
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        for (const body of next) await this.#call('BatchWriteItem', body);
      }),
    );
    return (performance.now() - started) / 1000;
  }

  /**
   * Throws unless the table holds exactly the items of these ids.
   * @param {string} table
   * @param {readonly number[]} ids
   */
  async assertHolds(table, ids) {
    const missing = new Set(ids.map(String));
    for await (const item of this.#items(table)) {
      const id = item['id']?.N ?? '';
      if (!missing.delete(id)) throw new Error(`${table} holds ${id}, which nobody put there`);
      if (canonical(item) !== canonical(JSON.parse(itemTextOf(Number(id))))) {
        throw new Error(`the item ${id} of ${table} is another than before`);
      }
    }
    if (missing.size > 0) throw new Error(`${missing.size} items are missing in ${table}`);
  }

  /**
   * @param {string} table
   * @returns {AsyncGenerator<Record<string, { N?: string }>>}
   */
  async *#items(table) {
    let after;
    do {
      const page = await this.#call('Scan', JSON.stringify({ TableName: table, ExclusiveStartKey: after }));
      yield* page.Items;
      after = page.LastEvaluatedKey;
    } while (after !== undefined);
  }

  /**
   * @param {string} action
   * @param {string} body
   */
  async #call(action, body) {
    const target = { 'x-amz-target': `DynamoDB_20120810.${action}` };
    const response = await fetch(this.url, { method: 'POST', headers: { ...headers, ...target }, body });
    const answer = JSON.parse(await response.text());
    if (!response.ok) throw new Error(`${action}: ${answer.message}`);
    if (Object.keys(answer.UnprocessedItems ?? {}).length > 0)
      throw new Error(`${action}: unprocessed items`);
    return answer;
  }
}

/**
 * @param {string} table
 * @param {readonly number[]} ids
 */
function bodiesOf(table, ids) {
  return Array.from({ length: Math.ceil(ids.length / ITEMS_PER_REQUEST) }, (_, index) => {
    const some = ids.slice(index * ITEMS_PER_REQUEST, (index + 1) * ITEMS_PER_REQUEST);
    const puts = some.map((id) => `{"PutRequest":{"Item":${itemTextOf(id)}}}`);
    return `{"RequestItems":{"${table}":[${puts.join(',')}]}}`;
  });
}

/**
 * DynamoDB keeps a number, not its spelling: no zeros at the end of a fraction.
 * @param {Record<string, unknown>} item
 */
function canonical(item) {
  const entries = Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(entries).replaceAll(/(?<={"N":"-?\d+)(?:\.0+|(\.\d*[1-9])0+)(?="})/g, '$1');
}
