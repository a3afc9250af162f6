import type { SFNClient } from '@aws-sdk/client-sfn';
import { type CallContext, Calls, clientAt } from '../../connectors/aws-calls.js';
import { awsCredentials } from '../../connectors/aws-credentials.js';
import { awsPlace } from '../../connectors/aws-endpoint.js';
import { awsFailures } from '../../connectors/aws-failures.js';
import { SdkClient } from '../../connectors/sdk-client.js';
import type { AccessOptions } from './account-access.js';

type Sdk = typeof import('@aws-sdk/client-sfn');

export interface Execution {
  readonly arn: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';
  /** Why it failed: the name of an error, and what was said with it. */
  readonly error?: string;
  readonly cause?: string;
}

/** Executions of one state machine. The SDK is loaded with the first call. */
export class Executions {
  readonly #machine: string;
  readonly #sdk: SdkClient<Sdk, SFNClient>;

  /** Of the machine of this ARN. */
  constructor(
    machine: string,
    { env, context }: { readonly env: AccessOptions['env']; readonly context: CallContext },
  ) {
    this.#machine = machine;
    const region = machine.split(':')[3] ?? '';
    const credentials = awsCredentials({ region, env });
    const failures = { ...awsFailures, ...own };
    const calls = new Calls({ service: 'Step Functions', failures, credentials, context });
    this.#sdk = new SdkClient(calls, async () => {
      const sdk = await import('@aws-sdk/client-sfn');
      return { sdk, client: new sdk.SFNClient(clientAt(awsPlace('states', { region }, env), credentials)) };
    });
  }

  /** Starts one and gives its ARN. A name is used once: the same call again starts nothing. */
  async start(name: string, input: object): Promise<string> {
    const { executionArn = '' } = await this.#sdk.call('StartExecution', (sdk, client, options) =>
      client.send(
        new sdk.StartExecutionCommand({ stateMachineArn: this.#machine, name, input: JSON.stringify(input) }),
        options,
      ),
    );
    return executionArn;
  }

  /** The newest that is under way. */
  async running(): Promise<string | undefined> {
    const { executions = [] } = await this.#sdk.call('ListExecutions', (sdk, client, options) =>
      client.send(
        new sdk.ListExecutionsCommand({
          stateMachineArn: this.#machine,
          statusFilter: 'RUNNING',
          maxResults: 1,
        }),
        options,
      ),
    );
    return executions[0]?.executionArn;
  }

  async look(arn: string): Promise<Execution> {
    const { status, error, cause } = await this.#sdk.call('DescribeExecution', (sdk, client, options) =>
      client.send(new sdk.DescribeExecutionCommand({ executionArn: arn }), options),
    );
    const why = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
    return { arn, status: status ?? 'RUNNING', ...why };
  }

  async stop(arn: string): Promise<void> {
    await this.#sdk.call('StopExecution', (sdk, client, options) =>
      client.send(
        new sdk.StopExecutionCommand({ executionArn: arn, error: 'interrupted', cause: 'sluice run --stop' }),
        options,
      ),
    );
  }

  async close(): Promise<void> {
    await this.#sdk.close();
  }
}

const missing = { code: 'stack_missing', retry: 'never', hint: 'sluice deploy puts it there' } as const;
/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html, Errors */
const own = {
  StateMachineDoesNotExist: missing,
  ExecutionDoesNotExist: missing,
  ExecutionLimitExceeded: { code: 'quota_exceeded', retry: 'later' },
} as const;
