/**
 * Stands between the product and a real DynamoDB engine, or an emulator of SQS, S3 or RDS, and does to single calls what
 * networks and AWS do to them. The engine sees only what a fault lets through, so what it holds stays the truth.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type Answer, failure, page, signed } from './answers.js';
import type { Body, CallKind } from './call-kind.js';
import { dynamodbCalls } from './dynamodb-batches.js';
import { FaultPlan, type Rule } from './fault-plan.js';
import { formBody, queryCalls } from './query-calls.js';
import { objectAction, objectBody, s3Calls } from './s3-objects.js';
import { sqsCalls } from './sqs-batches.js';

export type HttpFault =
  /** 400 with the service's own word for too much; nothing is forwarded. */
  | { kind: 'throttle' }
  /** Any other error answer; nothing is forwarded. `aheadMs`: the server's clock is ahead by so much. */
  | { kind: 'error'; status: number; type: string; aheadMs?: number }
  /** A page in HTML, as load balancers answer; nothing is forwarded. */
  | { kind: 'page'; status: number }
  /** Status 200 and no body; the engine has done the call. */
  | { kind: 'empty' }
  /** All connections break, and for so long nobody listens. */
  | { kind: 'refuse'; ms: number }
  /** Batch calls: each request is held back with this probability and comes back unprocessed, or failed. */
  | { kind: 'partial'; share: number }
  /** The connection is reset before the engine has seen the call. */
  | { kind: 'reset before' }
  /** The connection is reset after the engine has done it: the answer is lost. */
  | { kind: 'reset after' }
  /** The answer breaks off in the middle; the engine has done the call. */
  | { kind: 'torn' }
  /** The answer is damaged on its way: still JSON, but with another text in it, and the CRC32 of what was sent. */
  | { kind: 'wrong crc' }
  /** SQS: a text or a digest of the answer is not what was sent or received. */
  | { kind: 'wrong md5' }
  /** SQS: what is sent is queued so often, as the service may deliver it. */
  | { kind: 'copies'; count: number }
  /** SQS: what is sent is queued in the opposite order. */
  | { kind: 'reversed' }
  /** SQS: what is sent can be received only so much later. */
  | { kind: 'late'; seconds: number }
  | { kind: 'slow'; ms: number };

/** One call, as the proxy saw it. */
export interface HttpEvent {
  /** Counted from 1 in the order of arrival. */
  readonly n: number;
  readonly action: string;
  /** The table, queue, object, snapshot or export that it is about. */
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

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly raw: Buffer;
  readonly body: Body;
  readonly kind: CallKind;
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
    const kind = kindOf(request);
    const { action, body } = readCall(kind, request, raw);
    const fault = plan.next(action);
    const event = newEvent(events.length + 1, kind, action, body, fault);
    events.push(event);
    await watcher?.('before', event);
    if (fault?.kind === 'refuse') return await refuse(fault.ms);
    const call = { request, response, raw, body, kind, event };
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

/**
 * JSON as DynamoDB's, and another word for too much.
 * https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html
 */
const kmsCalls: CallKind = { ...dynamodbCalls, throttled: 'ThrottlingException' };

function kindOf({ headers }: IncomingMessage): CallKind {
  const named = headers['x-amz-target'];
  if (named !== undefined) {
    const [service] = String(named).split('.');
    if (service === 'AmazonSQS') return sqsCalls;
    return service === 'TrentService' ? kmsCalls : dynamodbCalls;
  }
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? queryCalls : s3Calls;
}

function readCall(kind: CallKind, request: IncomingMessage, raw: Buffer): { action: string; body: Body } {
  if (kind === s3Calls) return { action: objectAction(request), body: objectBody(request) };
  if (kind === queryCalls) {
    const body = formBody(raw);
    return { action: String(body['Action']), body };
  }
  const action = String(request.headers['x-amz-target']).replace(/^.*\./, '');
  return { action, body: raw.length > 0 ? (JSON.parse(raw.toString()) as Body) : {} };
}

async function shut(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

function newEvent(
  n: number,
  kind: CallKind,
  action: string,
  body: Body,
  fault: HttpFault | undefined,
): HttpEvent {
  return {
    n,
    action,
    table: kind.about(body),
    fault: fault?.kind,
    items: kind.items(action, body),
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
  const { kind } = call;
  if (fault?.kind === 'throttle') return failure(kind, kind.errors === 's3' ? 503 : 400, kind.throttled);
  if (fault?.kind === 'error') return failure(kind, fault.status, fault.type, fault.aheadMs);
  if (fault?.kind === 'page') return page(fault.status);
  if (fault?.kind === 'reset before') {
    reset(call);
    return undefined;
  }
  if (fault?.kind === 'slow') await sleep(fault.ms);
  const { action } = call.event;
  if (fault?.kind !== 'partial') {
    if (fault?.kind === 'copies') {
      for (let copy = 1; copy < fault.count; copy++) await forward(target, call, call.raw);
    }
    const altered = fault && kind.altered(action, call.body, fault);
    return await forward(target, call, altered ? Buffer.from(JSON.stringify(altered)) : call.raw);
  }
  const split = kind.split(action, call.body, fault.share, () => plan.random());
  if (!split.forward) {
    if (kind.whenNothing === 'error') return failure(kind, 400, kind.throttled);
    return signed(200, Buffer.from(JSON.stringify(kind.merged(action, {}, split.heldBack))));
  }
  const answer = await forward(target, call, Buffer.from(JSON.stringify(split.forward)));
  if (answer.status !== 200) return answer;
  const merged = kind.merged(action, JSON.parse(answer.body.toString()) as Body, split.heldBack);
  return signed(200, Buffer.from(JSON.stringify(merged)));
}

async function forward(target: string, call: Call, body: Buffer): Promise<Answer> {
  const { method = 'POST', url = '/' } = call.request;
  const whole = call.kind.errors !== 'json';
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.request.headers)) {
    const isPassed = whole ? !hopByHop.has(name) : passed.includes(name);
    if (value !== undefined && isPassed) headers[name] = String(value);
  }
  const content = body.length > 0 ? { body } : {};
  const response = await fetch(whole ? target + url : target, { method, headers, ...content });
  const text = Buffer.from(await response.arrayBuffer());
  const kept = [...response.headers].filter(([name]) =>
    whole
      ? !hopByHop.has(name) || (method === 'HEAD' && name === 'content-length')
      : name.startsWith('x-amz'),
  );
  return { status: response.status, headers: Object.fromEntries(kept), body: text };
}

const passed = ['content-type', 'x-amz-target', 'authorization', 'x-amz-date', 'x-amz-security-token'];
const hopByHop = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
]);

async function reply(
  call: Call,
  answer: Answer,
  fault: HttpFault | undefined,
  after: () => void | Promise<void> | undefined,
): Promise<void> {
  const { event, response } = call;
  event.status = answer.status;
  const told = call.kind.errors === 'json' ? parsed(answer.body) : {};
  event.accepted = call.kind.accepted(event.action, event.items, answer.status, told);
  await after();
  event.answeredMs = performance.now();
  if (fault?.kind === 'reset after') return reset(call);
  const body =
    fault?.kind === 'wrong crc' || fault?.kind === 'wrong md5' ? call.kind.damaged(answer.body) : answer.body;
  if (fault?.kind === 'empty') {
    await new Promise<void>((resolve) => response.writeHead(200).end(() => resolve()));
    return;
  }
  response.writeHead(answer.status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-crc32': String(crc32(answer.body)),
    // Without a body there is nothing that could be torn, and of HEAD the engine has told the length.
    ...(answer.status === 204 ? {} : { 'content-length': String(body.length) }),
    ...answer.headers,
  });
  if (fault?.kind !== 'torn') {
    await new Promise<void>((resolve) => response.end(body, () => resolve()));
    return;
  }
  const half = body.subarray(0, Math.floor(body.length / 2));
  await new Promise<void>((resolve) => response.write(half, () => resolve()));
  call.request.socket.destroy();
}

function parsed(body: Buffer): Body {
  return body[0] === 0x7b ? (JSON.parse(body.toString()) as Body) : {};
}

function reset(call: Call): void {
  call.event.answeredMs = performance.now();
  call.request.socket.resetAndDestroy();
}
