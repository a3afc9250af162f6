import type { CallStep } from '../../declare/declaration.js';
import { nothing, pathOf, resultPath } from './context-path.js';
import { type Block, type Next, type States, to } from './definition.js';
import { type Drawing, readerOf, type Surroundings } from './drawing.js';
import { callRetry } from './failures.js';
import { invocation } from './invocation.js';
import { NotDrawable } from './not-drawable.js';
import { payloadOf } from './template.js';

/**
 * A Task that calls the function; what it gives is the step's output. Before it, what its input refers to and what may
 * not be there is looked for. Throws `NotDrawable` where there is no function.
 */
export function callBlock(
  step: CallStep,
  drawing: Drawing,
  { next, around, failure }: { next: Next; around: Surroundings; failure: Readonly<Record<string, unknown>> },
): Block {
  const { name, function: functionName, role } = step;
  if (functionName === undefined) {
    throw new NotDrawable(
      `${name} runs on this machine only`,
      'give it the ARN of a Lambda function as `function`; `run` may stay beside it',
    );
  }
  const label = drawing.labels.of(step);
  const read = readerOf(drawing, around);
  const slots = new Slots();
  const payload = payloadOf(step.input, (reference) => {
    const { path, optional } = read(reference);
    return optional ? slots.of(path) : path;
  });
  const task = invocation(functionName, payload, {
    Comment: `call ${name}`,
    ...(role === undefined ? {} : { Credentials: { RoleArn: role } }),
    TimeoutSeconds: Math.ceil(step.timeoutSeconds),
    ResultSelector: { outcome: 'complete', seconds: 0, 'output.$': '$.Payload' },
    ResultPath: resultPath(label),
    ...callRetry(step),
    ...failure,
    ...to(next),
  });
  const filled = slots.filled(label);
  return { entry: filled.entry, states: { ...filled.states, [label]: task } };
}

/** A path that leads nowhere would fail the Task: each is first read into a place of its own, or null is. */
class Slots {
  readonly #paths: string[] = [];

  /** Where the value at the path lies for the Task. */
  of(path: string): string {
    if (!this.#paths.includes(path)) this.#paths.push(path);
    return place(this.#paths.indexOf(path));
  }

  /** The states that fill the places, and then go to the label. */
  filled(label: string): Block {
    let states: States = {};
    let entry = label;
    for (const [index, path] of [...this.#paths.entries()].reverse()) {
      const [choice, take, none] = [
        `${label}: input ${index}?`,
        `${label}: input ${index}`,
        `${label}: no input ${index}`,
      ];
      const pass = (from: string) =>
        ({ Type: 'Pass', InputPath: from, ResultPath: place(index), ...to(entry) }) as const;
      states = {
        [choice]: {
          Type: 'Choice',
          Choices: [{ Variable: path, IsPresent: true, Next: take }],
          Default: none,
        },
        [take]: pass(path),
        [none]: pass(nothing),
        ...states,
      };
      entry = choice;
    }
    return { entry, states };
  }
}

function place(index: number): string {
  return pathOf(['input', `value${index}`]);
}
