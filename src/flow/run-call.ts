import type { CallStep } from '../declare/declaration.js';
import { zeroCounters } from '../engine/counters.js';
import { SluiceError } from '../errors.js';
import { callCommand } from './call-command.js';
import { callFunction } from './call-function.js';
import { resolveInput } from './call-input.js';
import { callLambda } from './call-lambda.js';
import type { Call, CallOutput } from './call-output.js';
import type { Course } from './course.js';
import { plainEnd, type StepEnd } from './outcome.js';

/** Calls what the step names from here. At least once: one that is killed midway is made again. */
export async function runCall(
  course: Course,
  step: CallStep,
  attempt: number,
  stop: AbortSignal,
): Promise<StepEnd> {
  const { name } = step;
  course.observer.started(name, zeroCounters(), { attempt });
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(tooLate(step)), step.timeoutSeconds * 1000);
  const signal = AbortSignal.any([stop, late.signal]);
  try {
    const output = await make(step, { name, course, input: resolveInput(course, step.input), signal });
    signal.throwIfAborted();
    return plainEnd('call', 'complete', { seconds: seconds(), ...(output && { output }) });
  } catch (thrown) {
    const outcome = stop.aborted ? 'interrupted' : 'failed';
    const error = signal.aborted ? signal.reason : thrown;
    return plainEnd('call', outcome, { seconds: seconds(), error });
  } finally {
    clearTimeout(timer);
  }
}

async function make(step: CallStep, call: Call): Promise<CallOutput> {
  if (typeof step.run === 'function') return await callFunction(step.run, call);
  if (step.run) return await callCommand(step.run, call);
  return await callLambda(step, call);
}

function tooLate({ name, timeoutSeconds }: CallStep): SluiceError {
  return new SluiceError('timeout', `${name}: the call did not end within ${timeoutSeconds} seconds`, {
    hint: 'give it more time: timeout: "30m"',
    retry: 'later',
  });
}
