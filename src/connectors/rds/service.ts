import type { RDSClient } from '@aws-sdk/client-rds';
import { Calls, clientAt } from '../aws-calls.js';
import type { AwsCredentialsProvider } from '../aws-credentials.js';
import type { AwsPlace } from '../aws-endpoint.js';
import type { Context } from '../connector.js';
import { SdkClient } from '../sdk-client.js';
import { failures } from './failures.js';

type Sdk = typeof import('@aws-sdk/client-rds');

export interface RdsServiceOptions {
  readonly place: AwsPlace;
  readonly credentials: AwsCredentialsProvider;
  readonly context: Context;
}

/** A client of RDS and how its calls are made. */
export class RdsService {
  readonly region: string;
  readonly #sdk: SdkClient<Sdk, RDSClient>;

  constructor({ place, credentials, context }: RdsServiceOptions) {
    this.region = place.region;
    const calls = new Calls({ service: 'RDS', failures, credentials, context });
    this.#sdk = new SdkClient(calls, async () => {
      const sdk = await import('@aws-sdk/client-rds');
      return { sdk, client: new sdk.RDSClient(clientAt(place, credentials)) };
    });
  }

  /** Makes a call, again with the patience of the run while its failure may pass. */
  async call<Answer>(
    action: string,
    make: (sdk: Sdk, client: RDSClient, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> {
    return await this.#sdk.call(action, make);
  }

  async close(): Promise<void> {
    await this.#sdk.close();
  }
}
