import { awsCredentials } from '../../connectors/aws-credentials.js';
import { awsPlace } from '../../connectors/aws-endpoint.js';
import { SluiceError } from '../../errors.js';
import type { Deployed } from './deployed.js';

/** Whether an execution of a state machine still is at work. */
export async function executionIsRunning(
  executionArn: string,
  { env }: Pick<Deployed, 'env'>,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const { SFNClient, DescribeExecutionCommand } = await import('@aws-sdk/client-sfn');
  const place = awsPlace('states', { region: executionArn.split(':')[3] }, env);
  const { region } = place;
  const client = new SFNClient({
    region,
    ...(place.declared ? { endpoint: place.endpoint } : {}),
    credentials: awsCredentials({ region, env }),
  });
  try {
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }), { abortSignal });
    return status === 'RUNNING' || status === 'PENDING_REDRIVE';
  } catch (error) {
    if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return false;
    throw new SluiceError(
      'unreachable',
      'Step Functions does not tell whether the execution before is over',
      {
        retry: 'later',
        cause: error,
      },
    );
  } finally {
    client.destroy();
  }
}
