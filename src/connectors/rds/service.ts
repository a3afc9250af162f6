import type { RDSClient } from '@aws-sdk/client-rds';
import { Calls, clientOptions } from '../aws-calls.js';
import type { AwsCredentialsProvider } from '../aws-credentials.js';
import type { AwsPlace } from '../aws-endpoint.js';
import type { Context } from '../connector.js';
import { failures } from './failures.js';

type Sdk = typeof import('@aws-sdk/client-rds');

export interface RdsServiceOptions {
  readonly place: AwsPlace;
  readonly credentials: AwsCredentialsProvider;
  readonly context: Context;
}

/** A client of RDS and how its calls are made. The SDK is loaded with the first. */
export class RdsService {
  readonly #options: RdsServiceOptions;
  readonly #calls: Calls;
  #opening: Promise<{ readonly sdk: Sdk; readonly client: RDSClient }> | undefined;

  constructor(options: RdsServiceOptions) {
    const { credentials, context } = options;
    this.#options = options;
    this.#calls = new Calls({ service: 'RDS', failures, credentials, context });
  }

  get region(): string {
    return this.#options.place.region;
  }

  /** Makes a call, again with the patience of the run while its failure may pass. */
  async call<Answer>(
    action: string,
    make: (sdk: Sdk, client: RDSClient, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> {
    this.#opening ??= this.#connect();
    const { sdk, client } = await this.#opening;
    return await this.#calls.patiently(action, (abortSignal) => make(sdk, client, { abortSignal }));
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    (await opening)?.client.destroy();
  }

  async #connect(): Promise<{ readonly sdk: Sdk; readonly client: RDSClient }> {
    const { place, credentials } = this.#options;
    const sdk = await import('@aws-sdk/client-rds');
    const client = new sdk.RDSClient({
      ...clientOptions(credentials),
      region: place.region,
      ...(place.declared ? { endpoint: place.endpoint } : {}),
    });
    return { sdk, client };
  }
}
