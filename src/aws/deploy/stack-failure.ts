import { SluiceError } from '../../errors.js';
import { firstCause, type StackEvent } from './stack-events.js';

/** Why CloudFormation did not do what it was asked. */
export function stackFailure(name: string, status: string, events: readonly StackEvent[]): SluiceError {
  const cause = firstCause(events);
  if (!cause) return new SluiceError('stack_failed', `the stack ${name} is ${status}`);
  const { resource, type, reason } = cause;
  const why = reason === '' ? cause.status : reason;
  return new SluiceError('stack_failed', `the stack ${name} is ${status}, since ${resource} failed: ${why}`, {
    path: `${name}.${resource} (${type})`,
  });
}
