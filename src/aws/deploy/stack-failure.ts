import { SluiceError } from '../../errors.js';
import type { CloudFormation } from './cloud-formation.js';
import type { Followed } from './follow-stack.js';
import { firstCause } from './stack-events.js';

/** Why CloudFormation did not do what it was asked, with the first cause. */
export async function stackFailure(
  cloudFormation: CloudFormation,
  { name, id }: { readonly name: string; readonly id: string },
  { status, events }: Followed,
): Promise<SluiceError> {
  const cause = firstCause(events);
  if (!cause) return new SluiceError('stack_failed', `the stack ${name} is ${status}`);
  const { resource, type, reason, isOfStack } = cause;
  if (isOfStack) {
    const found = await validationFailures(cloudFormation, id);
    const why = found.length === 0 ? reason : found.join('; ');
    return new SluiceError('stack_failed', `the stack ${name} is ${status}: ${why}`);
  }
  const why = reason === '' ? cause.status : reason;
  return new SluiceError('stack_failed', `the stack ${name} is ${status}, since ${resource} failed: ${why}`, {
    path: `${name}.${resource} (${type})`,
  });
}

/**
 * What CloudFormation found before it began: its events of the stack only say that there is something.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
 */
async function validationFailures(cloudFormation: CloudFormation, id: string): Promise<readonly string[]> {
  const { OperationEvents: events = [] } = await cloudFormation.call(
    'DescribeEvents',
    (sdk, client, options) =>
      client.send(new sdk.DescribeEventsCommand({ StackName: id, Filters: { FailedEvents: true } }), options),
  );
  return events
    .filter(({ EventType: type }) => type === 'VALIDATION_ERROR')
    .map(({ LogicalResourceId: resource, ValidationStatusReason: reason }) => `${resource}: ${reason}`);
}
