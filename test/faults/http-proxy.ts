/**
 * Stands between the product and a real DynamoDB engine and does to single calls what networks and AWS do to them.
 * The engine sees only what a fault lets through, so its tables stay the truth.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { acceptedCount, type Body, itemCount, splitBatch, withHeldBack } from './dynamodb-batches.js';
import { FaultPlan, type Rule } from './fault-plan.js';

export type HttpFault =
  /** 400 ProvisionedThroughputExceededException; nothing is forwarded. */
  | { kind: 'throttle' }
  /** Any other error answer; nothing is forwarded. `aheadMs`: the server's clock is ahead by so much. */
  | { kind: 'error'; status: number; type: string; aheadMs?: number }
  /** A page in HTML, as load balancers answer; nothing is forwarded. */
  | { kind: 'page'; status: number }
  /** Status 200 and no body; the engine has done the call. */
  | { kind: 'empty' }
  /** All connections break, and for so long nobody listens. */
  | { kind: 'refuse'; ms: number }
  /** Batch calls: each request is held back with this probability and comes back unprocessed. */
  | { kind: 'partial'; share: number }
  /** The connection is reset before the engine has seen the call. */
  | { kind: 'reset before' }
  /** The connection is reset after the engine has done it: the answer is lost. */
  | { kind: 'reset after' }
  /** The answer breaks off in the middle; the engine has done the call. */
  | { kind: 'torn' }
  /** The answer is damaged on its way: still JSON, but with another text in it, and the CRC32 of what was sent. */
  | { kind: 'wrong crc' }
  | { kind: 'slow'; ms: number };

/** One call, as the proxy saw it. */
export interface HttpEvent {
  /** Counted from 1 in the order of arrival. */
  readonly n: number;
  readonly action: string;
  readonly table: string | undefined;
  readonly fault: HttpFault['kind'] | undefined;
  /** Items asked for; items that the answer says are done. */
  readonly items: number;
  accepted: number;
  status: number;
  /** Milliseconds on the process's monotonic clock. */
  readonly arrivedMs: number;
  answeredMs: number;
}

/** The moments of a call: not yet forwarded; done by the engine but not answered; answered. */
export type Moment = 'before' | 'after' | 'after reply';

export interface HttpProxy {
  /** The same tables, through the faults. */
  readonly endpoint: string;
  readonly plan: FaultPlan<HttpFault>;
  readonly events: readonly HttpEvent[];
  /** Calls by action. */
  count(action: string): number;
  /** Runs at each moment of each call, for sweeps that stop the product at the k-th. */
  watch(watcher: ((moment: Moment, event: HttpEvent) => void | Promise<void>) | undefined): void;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly raw: Buffer;
  readonly body: Body;
  readonly event: HttpEvent;
}

export async function startHttpProxy(
  target: string,
  rules: readonly Rule<HttpFault>[] = [],
  seed = 1,
): Promise<HttpProxy> {
  const plan = new FaultPlan<HttpFault>(rules, seed);
  const events: HttpEvent[] = [];
  let watcher: Parameters<HttpProxy['watch']>[0];
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const raw = Buffer.concat(await request.toArray());
    const action = String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
    const body = (raw.length > 0 ? JSON.parse(raw.toString()) : {}) as Body;
    const fault = plan.next(action);
    const event = newEvent(events.length + 1, action, body, fault);
    events.push(event);
    await watcher?.('before', event);
    if (fault?.kind === 'refuse') return await refuse(fault.ms);
    const call = { request, response, raw, body, event };
    const answer = await forwarded(target, call, fault, plan);
    if (answer) await reply(call, answer, fault, () => watcher?.('after', event));
    await watcher?.('after reply', event);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let refusing: NodeJS.Timeout | undefined;
  const refuse = async (ms: number) => {
    await shut(server);
    refusing = setTimeout(() => server.listen(port, '127.0.0.1'), ms);
  };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    plan,
    events,
    count: (action) => events.filter((event) => event.action === action).length,
    watch: (next) => {
      watcher = next;
    },
    stop: async () => {
      clearTimeout(refusing);
      await shut(server);
    },
  };
}

async function shut(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

function newEvent(n: number, action: string, body: Body, fault: HttpFault | undefined): HttpEvent {
  const table = body['TableName'] ?? Object.keys(body.RequestItems ?? {})[0];
  return {
    n,
    action,
    table: table === undefined ? undefined : String(table),
    fault: fault?.kind,
    items: itemCount(action, body),
    accepted: 0,
    status: 0,
    arrivedMs: performance.now(),
    answeredMs: Number.NaN,
  };
}

/** What the product shall be answered; undefined when it gets a reset instead. */
async function forwarded(
  target: string,
  call: Call,
  fault: HttpFault | undefined,
  plan: FaultPlan<HttpFault>,
): Promise<Answer | undefined> {
  if (fault?.kind === 'throttle') return failure(400, 'ProvisionedThroughputExceededException');
  if (fault?.kind === 'error') return failure(fault.status, fault.type, fault.aheadMs);
  if (fault?.kind === 'page') return page(fault.status);
  if (fault?.kind === 'reset before') {
    reset(call);
    return undefined;
  }
  if (fault?.kind === 'slow') await sleep(fault.ms);
  if (fault?.kind !== 'partial') return await forward(target, call, call.raw);
  const { action } = call.event;
  const split = splitBatch(action, call.body, fault.share, () => plan.random());
  // DynamoDB answers with this error when it can do nothing of a batch.
  if (!split.forward) return failure(400, 'ProvisionedThroughputExceededException');
  const answer = await forward(target, call, Buffer.from(JSON.stringify(split.forward)));
  if (answer.status !== 200) return answer;
  const merged = withHeldBack(action, JSON.parse(answer.body.toString()) as Body, split.heldBack);
  return signed(200, Buffer.from(JSON.stringify(merged)));
}

async function forward(target: string, call: Call, body: Buffer): Promise<Answer> {
  const names = ['content-type', 'x-amz-target', 'authorization', 'x-amz-date', 'x-amz-security-token'];
  const headers: Record<string, string> = {};
  for (const name of names) {
    const value = call.request.headers[name];
    if (value !== undefined) headers[name] = String(value);
  }
  const response = await fetch(target, { method: call.request.method ?? 'POST', headers, body });
  const text = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('x-amz'))),
    body: text,
  };
}

async function reply(
  call: Call,
  answer: Answer,
  fault: HttpFault | undefined,
  after: () => void | Promise<void> | undefined,
): Promise<void> {
  const { event, response } = call;
  event.status = answer.status;
  event.accepted = acceptedCount(event.action, event.items, answer.status, parsed(answer.body));
  await after();
  event.answeredMs = performance.now();
  if (fault?.kind === 'reset after') return reset(call);
  const body = fault?.kind === 'wrong crc' ? damaged(answer.body) : answer.body;
  if (fault?.kind === 'empty') {
    await new Promise<void>((resolve) => response.writeHead(200).end(() => resolve()));
    return;
  }
  response.writeHead(answer.status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-crc32': String(crc32(answer.body)),
    ...answer.headers,
    'content-length': String(body.length),
  });
  if (fault?.kind !== 'torn') {
    await new Promise<void>((resolve) => response.end(body, () => resolve()));
    return;
  }
  const half = body.subarray(0, Math.floor(body.length / 2));
  await new Promise<void>((resolve) => response.write(half, () => resolve()));
  call.request.socket.destroy();
}

/** Another letter in the first text; a space more where there is none. */
function damaged(body: Buffer): Buffer {
  const at = body.indexOf('"S":"') + '"S":"'.length;
  const letter = body[at] ?? 0;
  const isText = at >= '"S":"'.length && /[a-z0-9]/i.test(String.fromCharCode(letter));
  if (!isText) return Buffer.concat([body, Buffer.from(' ')]);
  const copy = Buffer.from(body);
  copy[at] = letter === 0x58 ? 0x59 : 0x58;
  return copy;
}

function parsed(body: Buffer): Body {
  return body[0] === 0x7b ? (JSON.parse(body.toString()) as Body) : {};
}

function failure(status: number, type: string, aheadMs?: number): Answer {
  const message = `${type} by the fault proxy`;
  const answer = signed(
    status,
    Buffer.from(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message })),
  );
  if (aheadMs === undefined) return answer;
  const date = new Date(Date.now() + aheadMs).toUTCString();
  return { ...answer, headers: { ...answer.headers, date } };
}

function page(status: number): Answer {
  const body = Buffer.from('<html><body>The server is not available.</body></html>');
  return { status, headers: { 'content-type': 'text/html' }, body };
}

function signed(status: number, body: Buffer): Answer {
  return { status, headers: { 'x-amzn-requestid': 'fault-proxy', 'x-amz-crc32': String(crc32(body)) }, body };
}

function reset(call: Call): void {
  call.event.answeredMs = performance.now();
  call.request.socket.resetAndDestroy();
}
