import type { ErrorCode } from '../../../errors.js';
import { isObject } from './machine-file.js';

/** `retry` of a step, and what could not be said of it. */
export interface ImportedRetry {
  readonly retry?: {
    readonly attempts: number;
    readonly backoff: number;
    readonly on?: readonly ErrorCode[];
  };
  readonly losses: readonly string[];
  readonly notes: readonly string[];
}

const MAX_ATTEMPTS = 100;
const MAX_BACKOFF = 60;

/** Names of errors that Step Functions and Lambda give, with our codes. Those of functions are `call_failed` all. */
const codes: Readonly<Record<string, readonly ErrorCode[]>> = {
  'States.TaskFailed': ['call_failed'],
  'States.Timeout': ['timeout'],
  'Lambda.TooManyRequestsException': ['throttled'],
  'Lambda.ServiceException': ['server_error'],
  'Lambda.AWSLambdaException': ['server_error'],
  'Lambda.SdkClientException': ['server_error'],
  'Lambda.ClientExecutionTimeoutException': ['server_error'],
  'Lambda.Unknown': ['call_failed'],
  'Sandbox.Timedout': ['call_failed'],
};

/** The `Retry` of a state. */
export function retryOf(value: unknown): ImportedRetry {
  const retriers = (Array.isArray(value) ? value : []).filter(isObject);
  const own = retriers.filter(
    (retrier) => !namesOf(retrier).every(isOfLambda) && retrier['MaxAttempts'] !== 0,
  );
  const notes = retriers.length > own.length ? ['failures of Lambda itself are tried again anyway'] : [];
  const [first, ...others] = own;
  if (!first) return { losses: [], notes };
  const losses = others.map((other) => `Retry on ${namesOf(other).join(', ')}: a step has one retry`);
  const on = codesOf(first, losses);
  const attempts = Math.min(MAX_ATTEMPTS, number(first['MaxAttempts'], 3) + 1);
  const interval = number(first['IntervalSeconds'], 1);
  const rate = number(first['BackoffRate'], 2);
  const backoff = Math.min(MAX_BACKOFF, Math.max(1, attempts > 2 ? rate : interval));
  if (backoff !== interval || backoff !== rate) notes.push(waitsNote({ attempts, interval, rate, backoff }));
  return { retry: { attempts, backoff, ...(on && { on }) }, losses, notes };
}

function isOfLambda(name: string): boolean {
  return name.startsWith('Lambda.') && name !== 'Lambda.Unknown';
}

/** Undefined: after every failure. */
function codesOf(
  retrier: Readonly<Record<string, unknown>>,
  losses: string[],
): readonly ErrorCode[] | undefined {
  const names = namesOf(retrier);
  if (names.includes('States.ALL')) return undefined;
  const foreign = names.filter((name) => !Object.hasOwn(codes, name));
  if (foreign.length > 0) {
    losses.push(`Retry on ${foreign.join(', ')}: whatever a function fails with is call_failed`);
  }
  return [...new Set(names.flatMap((name): readonly ErrorCode[] => codes[name] ?? ['call_failed']))];
}

export function namesOf(retrier: Readonly<Record<string, unknown>>): readonly string[] {
  const names = retrier['ErrorEquals'];
  return Array.isArray(names) ? names.map(String) : [];
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

interface Waits {
  readonly attempts: number;
  readonly interval: number;
  readonly rate: number;
  readonly backoff: number;
}

function waitsNote({ attempts, interval, rate, backoff }: Waits): string {
  const shown = Array.from({ length: Math.min(3, attempts - 1) }, (_, index) => index);
  const here = shown.map((index) => rounded(backoff ** (index + 1))).join(', ');
  const there = shown.map((index) => rounded(interval * rate ** index)).join(', ');
  return `waits ${here}${attempts > 4 ? ', …' : ''} seconds between attempts; the state machine ${there}`;
}

function rounded(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
