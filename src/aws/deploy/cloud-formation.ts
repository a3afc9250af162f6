import type { CloudFormationClient, Stack } from '@aws-sdk/client-cloudformation';
import { type CallContext, Calls, clientAt } from '../../connectors/aws-calls.js';
import type { AwsCredentialsProvider } from '../../connectors/aws-credentials.js';
import type { AwsPlace } from '../../connectors/aws-endpoint.js';
import { type AwsFailures, awsFailures } from '../../connectors/aws-failures.js';
import { SdkClient } from '../../connectors/sdk-client.js';
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
  readonly #sdk: SdkClient<Sdk, CloudFormationClient>;

  constructor({ place, credentials, context }: CloudFormationOptions) {
    const calls = new Calls({ service: 'CloudFormation', failures, credentials, context });
    this.#sdk = new SdkClient(calls, async () => {
      const sdk = await import('@aws-sdk/client-cloudformation');
      return { sdk, client: new sdk.CloudFormationClient(clientAt(place, credentials)) };
    });
  }

  /** Makes a call, again with patience while its failure may pass. Throws `stack_refused` for what CloudFormation refuses. */
  async call<Answer>(
    action: string,
    make: (sdk: Sdk, client: CloudFormationClient, options: { abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> {
    return await this.#sdk.call(action, make);
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
    await this.#sdk.close();
  }
}
