import type { Arrangement, Direction, FaultKind } from './fault-kind.js';
import type { Rule } from './fault-plan.js';
import type { HttpFault } from './http-proxy.js';
import { startCredentials } from './rotated-secrets.js';

/** Batch writes as a sink, pages as a source. */
const calls: Readonly<Record<Direction, string>> = { 'from MySQL': 'BatchWriteItem', 'into MySQL': 'Scan' };

/** Strikes some of the calls that carry rows. */
function often(name: string, fault: HttpFault): FaultKind {
  return { name, ends: 'complete', disturb: (direction) => ({ http: struck(direction, fault, [1, 2, 4]) }) };
}

function struck(direction: Direction, fault: HttpFault, nth: number | number[]): Rule<HttpFault>[] {
  return [{ on: calls[direction], fault, nth }];
}

function partly(name: string, share: number): FaultKind {
  const http: Rule<HttpFault>[] = [{ on: 'BatchWriteItem', fault: { kind: 'partial', share }, times: 60 }];
  return {
    name,
    ends: 'complete',
    disturb: (direction) => (direction === 'from MySQL' ? { http } : undefined),
  };
}

const error = (status: number, type: string): HttpFault => ({ kind: 'error', status, type });

/** Another answer than the client's own limit of 30 seconds waits for. */
const SILENT_MS = 31_000;

async function containerCredentials(): Promise<Arrangement> {
  const server = await startCredentials();
  return {
    env: {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: server.endpoint,
    },
    over: async () => undefined,
    remove: () => server.stop(),
  };
}

export const dynamodbKinds: readonly FaultKind[] = [
  often('throttling (ProvisionedThroughputExceededException)', { kind: 'throttle' }),
  often('throttling (ThrottlingException)', error(400, 'ThrottlingException')),
  often('RequestLimitExceeded', error(400, 'RequestLimitExceeded')),
  often('status 500 (InternalServerError)', error(500, 'InternalServerError')),
  often('status 503 (ServiceUnavailable)', error(503, 'ServiceUnavailable')),
  often('a page of a load balancer (502)', { kind: 'page', status: 502 }),
  partly('UnprocessedItems, 30 %', 0.3),
  partly('UnprocessedItems, 90 %', 0.9),
  often('a reset before the call', { kind: 'reset before' }),
  often('a reset after the call, its answer lost', { kind: 'reset after' }),
  often('a torn answer', { kind: 'torn' }),
  often('an answer with a wrong checksum (CRC32)', { kind: 'wrong crc' }),
  often('an empty answer with status 200', { kind: 'empty' }),
  often('slow answers of DynamoDB', { kind: 'slow', ms: 300 }),
  {
    name: 'no answer of DynamoDB within 30 seconds',
    ends: 'complete',
    long: true,
    disturb: (direction) => ({ http: struck(direction, { kind: 'slow', ms: SILENT_MS }, 2) }),
  },
  {
    name: 'DynamoDB refuses connections for a while',
    ends: 'complete',
    disturb: (direction) => ({ http: struck(direction, { kind: 'refuse', ms: 400 }, 2) }),
  },
  {
    name: 'the credentials have expired, and there are new ones',
    ends: 'complete',
    disturb: (direction) => ({
      http: struck(direction, error(400, 'ExpiredTokenException'), 2),
      arrange: containerCredentials,
    }),
  },
  {
    name: 'the credentials have expired for good',
    ends: ['credentials_missing'],
    disturb: (direction) => ({ http: struck(direction, error(400, 'ExpiredTokenException'), 2) }),
  },
  {
    name: 'AWS calls the clock of this machine wrong',
    ends: 'complete',
    disturb: (direction) => ({
      http: struck(direction, { kind: 'error', status: 400, type: 'RequestExpired', aheadMs: 3_600_000 }, 2),
    }),
  },
  {
    name: 'a permission is taken away (AccessDeniedException)',
    ends: ['access_denied'],
    disturb: (direction) => ({ http: struck(direction, error(400, 'AccessDeniedException'), 2) }),
  },
  {
    name: 'the table of DynamoDB is gone (ResourceNotFoundException)',
    ends: ['table_missing'],
    disturb: (direction) => ({ http: struck(direction, error(400, 'ResourceNotFoundException'), 2) }),
  },
];
