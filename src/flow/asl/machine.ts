import type { Declaration } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { type StateMachine, to } from './definition.js';
import { seriesBlock } from './draw-step.js';
import { openDrawing } from './drawing.js';
import { serviceRetry } from './failures.js';
import { ownTask } from './invocation.js';
import { RUN_FUNCTION } from './step-functions.js';

/** What comes last, if nothing has failed for good. */
const END = 'End';
/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_BYTES = 1_048_576;

/**
 * The state machine that does what a local run does. Throws `unsupported` for what a state machine cannot do, naming
 * the step.
 */
export function stateMachineOf(declaration: Declaration): StateMachine {
  const { pipeline, steps, schedule } = declaration;
  const drawing = openDrawing(declaration);
  const block = seriesBlock(steps, drawing, [], END);
  const begin = {
    pipeline,
    zone: schedule?.zone ?? 'UTC',
    steps: [...drawing.labels.named().values()],
    'execution.$': '$$.Execution.Id',
    'input.$': '$',
  };
  const end = { 'run.$': '$.run', pipeline, 'steps.$': '$.steps' };
  return {
    Comment: `Pipeline ${pipeline}, drawn by Sluice`,
    StartAt: 'Begin',
    States: {
      Begin: ownTask(RUN_FUNCTION, 'begin', begin, {
        ...serviceRetry,
        OutputPath: '$.Payload',
        ...to(block.entry),
      }),
      ...block.states,
      [END]: ownTask(RUN_FUNCTION, 'end', end, { ...serviceRetry, ResultPath: null, ...to(undefined) }),
    },
  };
}

/** The definition as JSON. Throws `unsupported` when it is larger than Step Functions takes. */
export function definitionText(machine: StateMachine): string {
  const short = JSON.stringify(machine);
  if (Buffer.byteLength(short) > MAX_BYTES) {
    throw new SluiceError(
      'unsupported',
      'the state machine is larger than the 1 MiB that Step Functions takes',
      {
        hint: 'make several pipelines of it',
      },
    );
  }
  const long = JSON.stringify(machine, undefined, 2);
  return Buffer.byteLength(long) > MAX_BYTES ? short : long;
}
