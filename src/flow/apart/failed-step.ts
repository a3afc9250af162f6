import { addCounters, zeroCounters } from '../../engine/counters.js';
import { countsOf } from '../../engine/journal.js';
import { type ErrorCode, errorCodes } from '../../errors.js';
import type { NamedStepKind } from '../../expression/fields.js';
import type { StepValues } from '../../expression/values.js';
import { type RunHistory, RunJournal } from '../../journal/runs.js';
import { namedStep } from './named-step.js';
import type { Apart } from './open-apart.js';

/** How a state machine tells of a failure: `Cause` of a function's failure is JSON text with its `errorMessage`. */
export interface Failure {
  readonly Error?: string;
  readonly Cause?: string;
}

type ErrorValues = NonNullable<StepValues['error']>;

/** What a step had done before it failed, and why it did; noted in the journal. */
export async function failedStep(
  apart: Apart,
  run: string,
  name: string,
  failure: Failure,
): Promise<StepValues> {
  const step = namedStep(apart, name);
  const journal = await RunJournal.beside(apart.state.runs, run, name);
  try {
    const { planned, losses = [] } = journal.flow(name);
    const lost = losses.findLast(({ attempt }) => attempt === planned)?.error;
    const error = (failure.Error === PARTS_FAILED ? lost : undefined) ?? errorOf(failure);
    const values = {
      outcome: 'failed' as const,
      seconds: 0,
      ...countsFor(step.kind, journal.history, name),
      error,
    };
    await journal.note({ is: 'failed', step: name, values });
    return values;
  } finally {
    await journal.close();
  }
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/maprun-fail-threshold.html */
const PARTS_FAILED = 'States.ExceedToleratedFailureThreshold';

/** What Step Functions and Lambda themselves report, by our codes. */
const native: ReadonlyMap<string, ErrorCode> = new Map([
  ['States.Timeout', 'timeout'],
  ['Sandbox.Timedout', 'timeout'],
  ['Lambda.TooManyRequestsException', 'throttled'],
]);

function errorOf({ Error: name = '', Cause: cause }: Failure): ErrorValues {
  if (isCode(name)) return { code: name, message: messageIn(cause) };
  // What else functions and services say may hold values (invariant 8).
  const code = native.get(name) ?? (/^(Lambda|States|Runtime|Sandbox)\./.test(name) ? 'server_error' : 'bug');
  return { code, message: code === 'bug' ? 'this should not have happened' : `AWS reports ${name}` };
}

function isCode(name: string): name is ErrorCode {
  return Object.hasOwn(errorCodes, name);
}

function messageIn(cause = ''): string {
  try {
    const found: unknown = JSON.parse(cause);
    const message =
      typeof found === 'object' && found !== null && 'errorMessage' in found && found.errorMessage;
    return typeof message === 'string' ? message : cause;
  } catch (error) {
    if (error instanceof SyntaxError) return cause;
    throw error;
  }
}

function countsFor(kind: NamedStepKind, { steps }: RunHistory, name: string): object {
  if (kind !== 'copy' && kind !== 'export') return {};
  const sum = zeroCounters();
  let deleted = 0;
  for (const [copy, past] of steps) {
    if (copy !== name && !copy.startsWith(`${name}.`)) continue;
    addCounters(sum, countsOf(past));
    deleted += past.result?.deleted ?? 0;
  }
  const { units: _units, ...counts } = sum;
  return { ...counts, deleted };
}
