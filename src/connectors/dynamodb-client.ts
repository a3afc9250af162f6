import { crc32 } from 'node:zlib';
import type { Pool as ConnectionPool, Dispatcher } from 'undici';
// The pool alone: loading all of undici, fetch and WebSocket included, would double the time and memory.
import Pool from 'undici/lib/dispatcher/pool.js';
import { SluiceError } from '../errors.js';
import type { Attribute } from '../values/cell.js';
import type { AwsCredentials, AwsCredentialsProvider } from './aws-credentials.js';
import type { AwsPlace } from './aws-endpoint.js';
import { remedyNamed } from './aws-failures.js';
import { createSigner, type Signer } from './aws-signer.js';
import { BodyPieces } from './body-pieces.js';
import { errorType, networkError, serviceError, tornAnswer } from './dynamodb-failures.js';

/** More requests than this are never under way at once; the rest wait their turn. */
const MAX_CONNECTIONS = 64;
const CONNECT_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 30_000;
const BODY_TIMEOUT_MS = 30_000;
/** Under the idle time after which DynamoDB's front end hangs up. */
const KEEP_ALIVE_MS = 8_000;
/** A clock that is off by less than this is accepted by AWS. */
const TOLERATED_SKEW_MS = 4 * 60_000;
/** No answer of DynamoDB is larger: BatchGetItem returns at most 16 MB of items, their JSON at most a few times that. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;

export interface DynamodbClient {
  readonly place: AwsPlace;
  /**
   * One call, tried once (and once more after expired credentials or a wrong clock were mended). `body` is JSON,
   * as text or as its UTF-8. Gives the parsed answer, whose status, length and checksum were checked.
   * @throws SluiceError by the tables in failures.ts, or the signal's reason once it is aborted.
   */
  call<Answer>(action: string, body: string | Buffer): Promise<Answer>;
  /** Like `call`, for big answers: with their size in bytes. */
  callSized<Answer>(
    action: string,
    body: string,
  ): Promise<{ readonly answer: Answer; readonly bytes: number }>;
  /**
   * Like `call`, for pages of items: the answer's bytes, not parsed (see page-body.ts). A large answer is put into what `roomFor`
   * gives for its size.
   */
  callBytes(action: string, body: string, roomFor?: RoomFor): Promise<Buffer>;
  /** The service's clock by the last answer: milliseconds since 1970, late by what the answer took and by up to a second, never early. */
  serviceTimeMs(): number;
  /** Like `call`, for a call with a condition: that it was not met is an answer too. */
  callIf<Answer>(action: string, body: string | Buffer): Promise<Conditional<Answer>>;
  close(): Promise<void>;
}

/** Room for exactly so many bytes, whatever they hold. */
type RoomFor = (bytes: number) => Buffer;

export type Conditional<Answer> =
  | { readonly met: true; readonly answer: Answer }
  /** With the item that is there, if the call asked for it and the service gives it. */
  | { readonly met: false; readonly item: Readonly<Record<string, Attribute>> | undefined };

/** The API that a client calls, as `x-amz-target` names it. */
type Api = 'DynamoDB_20120810' | 'DynamoDBStreams_20120810';

export interface ClientOptions {
  readonly place: AwsPlace;
  /** Default: DynamoDB's own. */
  readonly api?: Api;
  readonly credentials: AwsCredentialsProvider;
  readonly signal: AbortSignal;
}

export function createClient(options: ClientOptions): DynamodbClient {
  const { place, credentials, signal, api = 'DynamoDB_20120810' } = options;
  const url = new URL(place.endpoint);
  const path = url.pathname;
  const signer = createSigner({ host: url.host, path, region: place.region, service: 'dynamodb' });
  const pool = new Pool(url.origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    connectTimeout: CONNECT_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  const exchange = new Exchange({ pool, api, path, origin: url.origin, signer, credentials, signal });
  const stop = (): void => {
    void pool.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  const callBytes = async (action: string, body: string | Buffer, roomFor?: RoomFor) =>
    succeeded(action, await exchange.call(action, payloadOf(body), roomFor)).body;
  const callSized = async <Answer>(action: string, body: string | Buffer) => {
    const bytes = await callBytes(action, body);
    return { answer: parsed(action, bytes) as Answer, bytes: bytes.length };
  };
  const callIf = async <Answer>(action: string, body: string | Buffer): Promise<Conditional<Answer>> => {
    const answered = await exchange.call(action, payloadOf(body));
    if (answered.status !== 200) {
      const unmet = fields(answered.body);
      if (errorType(unmet) === 'ConditionalCheckFailedException') {
        return { met: false, item: unmet['Item'] as Record<string, Attribute> | undefined };
      }
    }
    return { met: true, answer: parsed(action, succeeded(action, answered).body) as Answer };
  };
  return {
    place,
    callBytes,
    callSized,
    callIf,
    serviceTimeMs: () => exchange.serviceTimeMs(),
    call: async <Answer>(action: string, body: string | Buffer) =>
      (await callSized<Answer>(action, body)).answer,
    close: async () => {
      exchange.close();
      signal.removeEventListener('abort', stop);
      await pool.destroy();
    },
  };
}

function payloadOf(body: string | Buffer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

interface ExchangeOptions {
  readonly pool: ConnectionPool;
  readonly api: Api;
  readonly path: string;
  readonly origin: string;
  readonly signer: Signer;
  readonly credentials: AwsCredentialsProvider;
  readonly signal: AbortSignal;
}

/** Sends signed requests and reads whole answers; knows how far this machine's clock is off. */
class Exchange {
  readonly #options: ExchangeOptions;
  #skewMs = 0;
  #closed = false;
  #lastAnswer: { readonly dateMs: number; readonly receivedMs: number } | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** What is under way fails for good: nobody waits for it. */
  close(): void {
    this.#closed = true;
  }

  serviceTimeMs(): number {
    const last = this.#lastAnswer;
    return last ? last.dateMs + performance.now() - last.receivedMs : Date.now();
  }

  async call(action: string, payload: Buffer, roomFor?: RoomFor): Promise<Answered> {
    const first = await this.#send(action, payload, roomFor);
    if (first.status === 200 || !(await this.#mend(first))) return first;
    return this.#send(action, payload, roomFor);
  }

  /** True if the same request is worth one more try at once. */
  async #mend({ used, ...answer }: Sent): Promise<boolean> {
    const remedy = remedyNamed(errorType(fields(answer.body)));
    if (remedy === 'renew credentials') {
      const { credentials } = this.#options;
      credentials.renew(used);
      const fresh = await credentials();
      return fresh.accessKeyId !== used.accessKeyId || fresh.sessionToken !== used.sessionToken;
    }
    if (remedy === 'correct clock' && answer.date !== undefined) {
      const skewMs = Date.parse(answer.date) - Date.now();
      const moved = Math.abs(skewMs - this.#skewMs) > TOLERATED_SKEW_MS;
      if (moved) this.#skewMs = skewMs;
      return moved;
    }
    return false;
  }

  async #send(action: string, payload: Buffer, roomFor: RoomFor | undefined): Promise<Sent> {
    const { pool, api, path, origin, signer, credentials, signal } = this.#options;
    signal.throwIfAborted();
    const now = Date.now() + this.#skewMs;
    const used = await credentials();
    const headers = signer(`${api}.${action}`, payload, used, now);
    const request = { path, method: 'POST', headers, body: payload } as const;
    const answer = await dispatch(pool, request, roomFor).catch((error) => {
      signal.throwIfAborted();
      if (this.#closed) throw new SluiceError('connection_lost', `DynamoDB ${action}: the client was closed`);
      throw networkError(action, origin, error);
    });
    checkWhole(action, answer);
    const dateMs = Date.parse(answer.date ?? '');
    if (Number.isFinite(dateMs)) this.#lastAnswer = { dateMs, receivedMs: performance.now() };
    return { ...answer, used };
  }
}

/** An answer, and the credentials that its request was signed with: others may have been renewed meanwhile. */
interface Sent extends Answered {
  readonly used: AwsCredentials;
}

interface Answered {
  readonly status: number;
  readonly crc: string | undefined;
  readonly length: string | undefined;
  readonly date: string | undefined;
  readonly body: Buffer;
}

/** undici's lowest level: no streams between the socket and the whole body. */
function dispatch(
  pool: ConnectionPool,
  options: Dispatcher.DispatchOptions,
  roomFor: RoomFor | undefined,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let received: Record<string, string | string[] | undefined> = {};
    const body = new BodyPieces(roomFor);
    pool.dispatch(options, {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode, headers) => {
        status = statusCode;
        received = headers;
        body.expect(one(headers['content-length']), MAX_ANSWER_BYTES);
      },
      onResponseData: (_controller, chunk) => body.add(chunk),
      onResponseEnd: () => {
        resolve({
          status,
          body: body.whole(),
          crc: one(received['x-amz-crc32']),
          length: one(received['content-length']),
          date: one(received['date']),
        });
      },
      onResponseError: (_controller, error) => reject(error),
    });
  });
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function checkWhole(action: string, answer: Answered): void {
  if (answer.length !== undefined && Number(answer.length) !== answer.body.length) {
    throw tornAnswer(action, 'the answer is shorter than it says');
  }
  if (answer.crc !== undefined && Number(answer.crc) !== crc32(answer.body)) {
    throw tornAnswer(action, 'the checksum of the answer is wrong');
  }
}

function parsed(action: string, body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's own words would quote the body, and with it values (invariant 8).
    throw tornAnswer(action, 'the answer is not JSON');
  }
}

function succeeded(action: string, answer: Answered): Answered {
  if (answer.status === 200) return answer;
  throw serviceError(action, answer.status, fields(answer.body));
}

/** The fields of an error's body; none where a proxy answered with something else. */
function fields(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
