import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { itemTextOf } from './rows.mjs';

const program = fileURLToPath(new URL('null-dynamodb.mjs', import.meta.url));
const ITEMS_PER_REQUEST = 25;
const LIMIT_CONNECTIONS = 16;
const LIMIT_SECONDS = 2;

/** The environment of any client: credentials that nobody checks. */
export const awsEnvironment = {
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_REGION: 'eu-west-1',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** The null DynamoDB endpoint, running in its own process. */
export class NullEndpoint {
  #child;
  #port;

  /**
   * @param {readonly number[]} scans sizes of the canned tables, which are named `canned-SIZE`
   * @param {readonly number[]} gets sizes of the tables whose items can be had by key, named `items-SIZE`
   * @param {readonly { readonly records: number, readonly shards: number }[]} streams of tables that are named `stream-RECORDS-SHARDS`
   */
  static async start(scans = [], gets = [], streams = []) {
    const options = [
      ...scans.flatMap((items) => ['--scan', `canned-${items}:${items}`]),
      ...gets.flatMap((items) => ['--get', `items-${items}:${items}`]),
      ...streams.flatMap(({ records, shards }) => [
        '--stream',
        `stream-${records}-${shards}:${records}:${shards}`,
      ]),
    ];
    const child = spawn(process.execPath, [program, ...options], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const [line] = await once(/** @type {import('node:stream').Readable} */ (child.stdout), 'data');
    return new NullEndpoint(child, JSON.parse(String(line)).port);
  }

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {number} port
   */
  constructor(child, port) {
    this.#child = child;
    this.#port = port;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Since the last reset. @returns {Promise<{ requests: number, written: number, scanned: number, got: number, sent: number, streamed: number }>} */
  async counts() {
    return await (await fetch(`${this.url}/count`)).json();
  }

  /** Milliseconds and the items that arrived within each, since the last reset. @returns {Promise<[number, number][]>} */
  async arrivals() {
    return await (await fetch(`${this.url}/arrivals`)).json();
  }

  async reset() {
    await (await fetch(`${this.url}/reset`, { method: 'POST' })).text();
  }

  /**
   * Items a second that the endpoint takes from a client that sends the same ready-made bytes again and again:
   * what no measured program can exceed.
   */
  async limit() {
    await this.reset();
    const request = readyRequest();
    const until = performance.now() + LIMIT_SECONDS * 1000;
    await Promise.all(Array.from({ length: LIMIT_CONNECTIONS }, () => hammer(this.#port, request, until)));
    return (await this.counts()).written / LIMIT_SECONDS;
  }

  async stop() {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

function readyRequest() {
  const puts = Array.from(
    { length: ITEMS_PER_REQUEST },
    (_, index) => `{"PutRequest":{"Item":${itemTextOf(index + 1)}}}`,
  );
  const body = Buffer.from(`{"RequestItems":{"orders":[${puts.join(',')}]}}`);
  const head =
    'POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-amz-json-1.0\r\n' +
    `x-amz-target: DynamoDB_20120810.BatchWriteItem\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/**
 * One keep-alive connection with one request in flight.
 * @param {number} port
 * @param {Buffer} request
 * @param {number} until
 */
async function hammer(port, request, until) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const ended = once(socket, 'close');
  socket.on('data', () => (performance.now() < until ? socket.write(request) : socket.destroy()));
  socket.write(request);
  await ended;
}
