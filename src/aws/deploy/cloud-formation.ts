import type { CloudFormationClient, Stack } from '@aws-sdk/client-cloudformation';
import { type CallContext, Calls, clientOptions } from '../../connectors/aws-calls.js';
import type { AwsCredentialsProvider } from '../../connectors/aws-credentials.js';
import type { AwsPlace } from '../../connectors/aws-endpoint.js';
import { type AwsFailures, awsFailures } from '../../connectors/aws-failures.js';
import { SluiceError } from '../../errors.js';

type Sdk = typeof import('@aws-sdk/client-cloudformation');

const refused = { code: 'stack_refused', retry: 'never', quote: true } as const;
/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html, Errors */
const failures: AwsFailures = {
  ...awsFailures,
  ValidationError: refused,
  AlreadyExistsException: refused,
  InsufficientCapabilitiesException: refused,
  InvalidChangeSetStatus: refused,
  LimitExceededException: { ...refused, code: 'quota_exceeded' },
};

export interface CloudFormationOptions {
  readonly place: AwsPlace;
  readonly credentials: AwsCredentialsProvider;
  readonly context: CallContext;
}

/** A client of CloudFormation in one account and region. The SDK is loaded with the first call. */
export class CloudFormation {
  readonly #options: CloudFormationOptions;
  readonly #calls: Calls;
  #opening: Promise<{ readonly sdk: Sdk; readonly client: CloudFormationClient }> | undefined;

  constructor(options: CloudFormationOptions) {
    const { credentials, context } = options;
    this.#options = options;
    this.#calls = new Calls({ service: 'CloudFormation', failures, credentials, context });
  }

  /** Makes a call, again with patience while its failure may pass. Throws `stack_refused` for what CloudFormation refuses. */
  async call<Answer>(
    action: string,
    make: (sdk: Sdk, client: CloudFormationClient, options: { abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> {
    this.#opening ??= this.#connect();
    const { sdk, client } = await this.#opening;
    return await this.#calls.patiently(action, (abortSignal) => make(sdk, client, { abortSignal }));
  }

  /** The stack of this name (then one that is deleted is absent) or of this id. */
  async stack(nameOrId: string): Promise<Stack | undefined> {
    try {
      const { Stacks: [found] = [] } = await this.call('DescribeStacks', (sdk, client, options) =>
        client.send(new sdk.DescribeStacksCommand({ StackName: nameOrId }), options),
      );
      return found;
    } catch (error) {
      // The only answer to a name that there is not, and its words the only way to tell it from other refusals.
      if (error instanceof SluiceError && /does not exist/.test(error.message)) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    (await opening)?.client.destroy();
  }

  async #connect(): Promise<{ readonly sdk: Sdk; readonly client: CloudFormationClient }> {
    const { place, credentials } = this.#options;
    const sdk = await import('@aws-sdk/client-cloudformation');
    const client = new sdk.CloudFormationClient({
      ...clientOptions(credentials),
      region: place.region,
      ...(place.declared ? { endpoint: place.endpoint } : {}),
    });
    return { sdk, client };
  }
}
