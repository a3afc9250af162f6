/**
 * A DynamoDB endpoint that stores nothing, in a process of its own: it counts the items that it is given and
 * serves Scan pages, items and pages of streams that were built beforehand, so that a measurement finds the limit of the
 * client and not that of a database. It is an SQS queue, too, that forgets its messages. HTTP/1.1 is parsed by hand on raw sockets.
 *
 * node bench/null-dynamodb.mjs [--scan TABLE:ITEMS]… [--get TABLE:ITEMS]… [--stream TABLE:RECORDS:SHARDS]…
 * prints {"port":N} once it listens
 * GET /count     {"requests":…,"written":…,"scanned":…,"got":…,"sent":…,"streamed":…} since the last POST /reset
 * GET /arrivals  [[ms,items],…]: when items of BatchWriteItem came, by the endpoint's own clock, since the last POST /reset
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { crc32 } from 'node:zlib';
import { CannedTable } from './canned-pages.mjs';
import { CannedStream, placeOfIterator } from './canned-stream.mjs';
import { itemTextOf } from './rows.mjs';

const MAX_BODY_BYTES = 32 * 1024 * 1024;
const MAX_HEAD_BYTES = 64 * 1024;
const headEnd = Buffer.from('\r\n\r\n');
const putRequest = Buffer.from('"PutRequest"');

const none = { requests: 0, written: 0, scanned: 0, got: 0, sent: 0, streamed: 0 };
const counts = { ...none };
/** Milliseconds, and the items that came within each. @type {[number, number][]} */
const arrivals = [];
/** @type {Map<string, CannedTable>} */
const cannedTables = new Map();
/** The texts of a table's items: the n-th is that of id n + 1. @type {Map<string, Buffer[]>} */
const cannedItems = new Map();
/** The streams of tables by their names. @type {Map<string, CannedStream>} */
const cannedStreams = new Map();
/** Whole responses of BatchWriteItem by table name and number of items. @type {Map<string, Buffer>} */
const batchResponses = new Map();

/** @typedef {{ method: string, path: string, target: string, bodyBytes: number, bytes: number }} Head */

/** @param {string} text of the head, without the empty line */
function parseHead(text) {
  const [method = '', path = ''] = text.slice(0, text.indexOf('\r\n')).split(' ');
  const target = /\r\nx-amz-target: *(?:DynamoDB(?:Streams)?_\d+|AmazonSQS)\.(\w+)/i.exec(text)?.[1] ?? '';
  const bodyBytes = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
  if (bodyBytes > MAX_BODY_BYTES) throw new Error(`a body of ${bodyBytes} bytes`);
  return { method, path, target, bodyBytes };
}

/**
 * @param {string | Buffer} body
 * @param {number} [status]
 */
function response(body, status = 200) {
  const bytes = Buffer.from(body);
  return Buffer.concat([responseHead(bytes.length, crc32(bytes), status), bytes]);
}

/**
 * @param {number} bodyBytes
 * @param {number} checksum
 * @param {number} [status]
 */
function responseHead(bodyBytes, checksum, status = 200) {
  return Buffer.from(
    `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Bad Request'}\r\nserver: null\r\n` +
      `content-type: application/x-amz-json-1.0\r\nx-amzn-requestid: NULL\r\n` +
      `x-amz-crc32: ${checksum}\r\ncontent-length: ${bodyBytes}\r\n\r\n`,
  );
}

/** @param {Buffer} body */
function countPuts(body) {
  let count = 0;
  for (let at = body.indexOf(putRequest); at >= 0; at = body.indexOf(putRequest, at + putRequest.length))
    count++;
  return count;
}

/** @param {Buffer} body */
function batchWrite(body) {
  const items = countPuts(body);
  counts.written += items;
  arrive(items);
  const table =
    /"RequestItems"\s*:\s*{\s*"([^"]+)"/.exec(body.latin1Slice(0, Math.min(body.length, 2048)))?.[1] ??
    'orders';
  const known = batchResponses.get(`${table} ${items}`);
  if (known) return known;
  const consumed = [{ TableName: table, CapacityUnits: items }];
  const made = response(JSON.stringify({ UnprocessedItems: {}, ConsumedCapacity: consumed }));
  batchResponses.set(`${table} ${items}`, made);
  return made;
}

/** @param {number} items */
function arrive(items) {
  const ms = Math.round(performance.now());
  const last = arrivals.at(-1);
  if (last?.[0] === ms) last[1] += items;
  else arrivals.push([ms, items]);
}

/** @param {Buffer} body */
function describeTable(body) {
  const { TableName } = JSON.parse(body.toString());
  const items = cannedTables.get(TableName)?.items ?? cannedItems.get(TableName)?.length ?? 0;
  return response(
    JSON.stringify({
      Table: {
        TableName,
        TableStatus: 'ACTIVE',
        TableArn: `arn:aws:dynamodb:eu-west-1:000000000000:table/${TableName}`,
        TableId: '00000000-0000-0000-0000-000000000000',
        CreationDateTime: 1767225600,
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
        ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 },
        ItemCount: items,
        TableSizeBytes: items * 200,
        ...streamOf(TableName),
      },
    }),
  );
}

/** @param {string} table */
function streamOf(table) {
  const stream = cannedStreams.get(table);
  if (!stream) return {};
  return {
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    LatestStreamArn: stream.arn,
  };
}

/** @param {string} arn */
function streamNamed(arn) {
  const stream = cannedStreams.get(arn.split('/')[1] ?? '');
  if (stream?.arn !== arn) throw new Error(`no canned stream ${arn}`);
  return stream;
}

/** @param {Buffer} body */
function shardIterator(body) {
  const { StreamArn, ShardId, ShardIteratorType, SequenceNumber } = JSON.parse(body.toString());
  const iterator = streamNamed(StreamArn).iterator(ShardId, ShardIteratorType, SequenceNumber);
  return response(JSON.stringify({ ShardIterator: iterator }));
}

/** @param {Buffer} body */
function records(body) {
  const { ShardIterator, Limit } = JSON.parse(body.toString());
  const { arn, page } = placeOfIterator(ShardIterator);
  const found = streamNamed(arn).answer(page, Limit);
  if (Limit === undefined) counts.streamed += found.records;
  return [responseHead(found.bytes, found.checksum), ...found.pieces];
}

/**
 * @param {Buffer} body
 * @returns {Buffer[]}
 */
function scan(body) {
  const request = JSON.parse(body.toString());
  const table = cannedTables.get(request.TableName);
  if (!table) return [refusal(`no canned table ${request.TableName}`)];
  if (request.Limit !== undefined) return [refusal('canned pages have no Limit')];
  const page = table.page(request.Segment ?? 0, request.TotalSegments ?? 1, request.ExclusiveStartKey?.id?.N);
  counts.scanned += page.items;
  return [responseHead(page.bytes, page.checksum), page.body, page.tail];
}

const comma = Buffer.from(',');

/**
 * @param {Buffer} body
 * @returns {Buffer}
 */
function batchGet(body) {
  const { RequestItems } = JSON.parse(body.toString());
  const [[name, { Keys }] = ['', { Keys: [] }]] = Object.entries(RequestItems);
  const items = cannedItems.get(name);
  if (!items) return refusal(`no canned items of ${name}`);
  const head = Buffer.from(
    `{"ConsumedCapacity":[{"TableName":"${name}","CapacityUnits":${Keys.length}}],"Responses":{"${name}":[`,
  );
  const pieces = [head];
  for (const { id } of Keys) {
    const item = items[Number(id.N) - 1];
    if (!item) return refusal(`no canned item ${id.N}`);
    if (pieces.length > 1) pieces.push(comma);
    pieces.push(item);
  }
  counts.got += Keys.length;
  return response(Buffer.concat([...pieces, Buffer.from(']},"UnprocessedKeys":{}}')]));
}

/** @param {Buffer} body */
function get(body) {
  const { TableName, Key } = JSON.parse(body.toString());
  const item = cannedItems.get(TableName)?.[Number(Key.id.N) - 1];
  if (!item) return refusal(`no canned item ${Key.id.N}`);
  counts.got++;
  return response(`{"Item":${item}}`);
}

/** @param {Buffer} body */
function sendMessage(body) {
  const { MessageBody } = JSON.parse(body.toString());
  counts.sent++;
  const digest = createHash('md5').update(MessageBody).digest('hex');
  return response(JSON.stringify({ MD5OfMessageBody: digest, MessageId: String(counts.sent) }));
}

/** @param {string} message */
function refusal(message) {
  const body = { __type: 'com.amazon.coral.validate#ValidationException', message };
  return response(JSON.stringify(body), 400);
}

/**
 * @param {Omit<Head, 'bytes'>} head
 * @param {Buffer} body
 * @returns {Buffer[]}
 */
function answer(head, body) {
  if (head.method === 'GET' && head.path === '/count') return [response(JSON.stringify(counts))];
  if (head.method === 'GET' && head.path === '/arrivals') return [response(JSON.stringify(arrivals))];
  if (head.path === '/reset') {
    Object.assign(counts, none);
    arrivals.length = 0;
    return [response('{}')];
  }
  counts.requests++;
  switch (head.target) {
    case 'BatchWriteItem':
      return [batchWrite(body)];
    case 'PutItem':
      counts.written++;
      return [response('{}')];
    case 'DescribeTable':
      return [describeTable(body)];
    case 'Scan':
      return scan(body);
    case 'DescribeStream':
      return [response(JSON.stringify(streamNamed(JSON.parse(body.toString()).StreamArn).describe()))];
    case 'GetShardIterator':
      return [shardIterator(body)];
    case 'GetRecords':
      return records(body);
    case 'BatchGetItem':
      return [batchGet(body)];
    case 'GetItem':
      return [get(body)];
    case 'SendMessage':
      return [sendMessage(body)];
    default:
      return [refusal(`the null endpoint has no ${head.target}`)];
  }
}

/** Takes whole requests out of what has arrived; keeps the rest for the next piece. */
class RequestParser {
  /** @type {Buffer[]} */
  #pieces = [];
  #have = 0;
  /** Bytes without which nothing can go on. */
  #need = 1;
  /** @type {Head | undefined} */
  #head;

  /**
   * @param {Buffer} piece
   * @param {(head: Head, body: Buffer) => void} take
   */
  push(piece, take) {
    this.#pieces.push(piece);
    this.#have += piece.length;
    if (this.#have < this.#need) return;
    let rest = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    for (;;) {
      this.#head ??= headOf(rest);
      if (!this.#head || rest.length < this.#head.bytes + this.#head.bodyBytes) break;
      const { bytes, bodyBytes } = this.#head;
      take(this.#head, rest.subarray(bytes, bytes + bodyBytes));
      rest = rest.subarray(bytes + bodyBytes);
      this.#head = undefined;
    }
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#have = rest.length;
    this.#need = this.#head ? this.#head.bytes + this.#head.bodyBytes : rest.length + 1;
  }
}

/**
 * @param {Buffer} buffer
 * @returns {Head | undefined}
 */
function headOf(buffer) {
  const end = buffer.indexOf(headEnd);
  if (end < 0) {
    if (buffer.length > MAX_HEAD_BYTES) throw new Error('a head without end');
    return undefined;
  }
  return { ...parseHead(buffer.latin1Slice(0, end)), bytes: end + headEnd.length };
}

const server = createServer({ noDelay: true }, (socket) => {
  const parser = new RequestParser();
  socket.on('error', () => socket.destroy());
  socket.on('data', (/** @type {Buffer} */ piece) => {
    socket.cork();
    try {
      parser.push(piece, (head, body) => {
        for (const part of answer(head, body)) socket.write(part);
      });
    } catch (error) {
      process.stderr.write(`null-dynamodb: ${error}\n`);
      socket.destroy();
    }
    socket.uncork();
  });
});

process.argv.slice(2).forEach((argument, index, all) => {
  const [name = '', items = '', shards = ''] = (all[index + 1] ?? '').split(':');
  const length = Number(items);
  if (argument === '--stream') cannedStreams.set(name, new CannedStream(name, length, Number(shards)));
  if (argument === '--scan') cannedTables.set(name, new CannedTable(length));
  if (argument === '--get')
    cannedItems.set(
      name,
      Array.from({ length }, (_, id) => Buffer.from(itemTextOf(id + 1))),
    );
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`);
});
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
