import { SluiceError } from '../errors.js';
import type { AwsCredentialsProvider } from './aws-credentials.js';
import type { AwsPlace } from './aws-endpoint.js';
import { type AwsFailures, callFailure, remedyFor } from './aws-failures.js';
import type { Context } from './connector.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** Longer than the longest poll, 20 s. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Calls under way at once on one client. */
const MAX_SOCKETS = 64;

export interface CallsOptions {
  /** For people: `SQS`. */
  readonly service: string;
  /** What its errors mean, by their names. */
  readonly failures: AwsFailures;
  readonly credentials: AwsCredentialsProvider;
  readonly context: CallContext;
}

/** What calls need to know of the run that they are made for. */
export type CallContext = Pick<Context, 'signal' | 'retry' | 'throttled'>;

/** What every SDK client here is made with. */
export function clientAt({ region, endpoint, declared }: AwsPlace, credentials: AwsCredentialsProvider) {
  return { ...clientOptions(credentials), region, ...(declared ? { endpoint } : {}) };
}

/** It tries once, and knows no credentials but ours. */
function clientOptions(credentials: AwsCredentialsProvider) {
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  return {
    // Marked so that the SDK asks each time: it would keep credentials after the service has called them expired.
    credentials: Object.assign(() => credentials(), { memoized: true }),
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}

/** Makes calls of SDK clients, and turns what they throw into errors of this run by the service's table. */
export class Calls {
  readonly #options: CallsOptions;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  /** One call, tried once, and once more after expired credentials or a wrong clock were mended. */
  async once<Answer>(action: string, send: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const { context, credentials, service, failures } = this.#options;
    const call = { service, action, failures };
    const { signal } = context;
    signal.throwIfAborted();
    const used = await credentials();
    try {
      return await send(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(await this.#mended(error, used))) throw callFailure(call, error);
    }
    try {
      return await send(signal);
    } catch (error) {
      signal.throwIfAborted();
      throw callFailure(call, error);
    }
  }

  /** `once` with the patience of the run. */
  patiently<Answer>(action: string, send: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    return retried(this.#options.context, () => this.once(action, send));
  }

  async #mended(error: unknown, used: Awaited<ReturnType<AwsCredentialsProvider>>): Promise<boolean> {
    const remedy = remedyFor(error);
    if (remedy === 'correct clock') return wasCorrected(error);
    if (remedy === 'none') return false;
    const { credentials } = this.#options;
    credentials.renew(used);
    const fresh = await credentials();
    return fresh.accessKeyId !== used.accessKeyId || fresh.sessionToken !== used.sessionToken;
  }
}

/** `context.retry`, and the pace is told of each call that the service asked to go slower. */
export function retried<Answer>(context: CallContext, call: () => Promise<Answer>): Promise<Answer> {
  return context.retry(async () => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof SluiceError && error.retry === 'slower') context.throttled?.();
      throw error;
    }
  });
}

/** The SDK has learned from the answer's date how far this machine's clock is off. */
function wasCorrected(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return false;
  return (
    (error.$metadata as { readonly clockSkewCorrected?: boolean } | undefined)?.clockSkewCorrected === true
  );
}
