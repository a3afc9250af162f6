import type { NamedStep, ReplicateStep, Step, WaitStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { ruleFor } from './condition.js';
import { resultPath } from './context-path.js';
import { type Block, type Next, type States, to } from './definition.js';
import { callBlock } from './draw-call.js';
import { copyState, verifyState } from './draw-copy.js';
import { exportBlock } from './draw-export.js';
import { failureOf, stopState } from './draw-failure.js';
import { parallelBlock, skippedParallel } from './draw-parallel.js';
import { waitBlock } from './draw-wait.js';
import { type Drawing, readerOf, type Surroundings } from './drawing.js';
import { NotDrawable } from './not-drawable.js';
import { emptyResult } from './results.js';

type Fields = Readonly<Record<string, unknown>>;
type Drawn = Exclude<Step, ReplicateStep>;

/** Steps one after the other. Built from the last to the first, since a state names the one behind it. */
export function seriesBlock(
  steps: readonly Step[],
  drawing: Drawing,
  around: Surroundings,
  next: Next,
): Block {
  let states: States = {};
  let entry = next;
  for (const step of steps.toReversed()) {
    const block = stepBlock(step, drawing, around, entry);
    states = { ...block.states, ...states };
    entry = block.entry;
  }
  if (entry === undefined) throw new Error('a series without steps');
  return { entry, states };
}

/** Throws `unsupported` for a step that a state machine cannot do. */
function stepBlock(step: Step, drawing: Drawing, around: Surroundings, next: Next): Block {
  try {
    if (step.kind === 'replicate') {
      throw new NotDrawable(
        `${step.name} has no end, and a state machine has one`,
        'give it a pipeline of its own; the other formats draw it',
      );
    }
    return guarded(step, drawing, around, next);
  } catch (error) {
    if (!(error instanceof NotDrawable)) throw error;
    const { message, hint } = error;
    throw new SluiceError('unsupported', message, {
      path: step.path,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** `when`: a Choice before the step, and a way around it. */
function guarded(step: Drawn, drawing: Drawing, around: Surroundings, next: Next): Block {
  const { when } = step;
  const block = handled(step, drawing, around, next);
  if (!when) return block;
  const choice = `${drawing.labels.of(step)}: when`;
  const rule = ruleFor(when, readerOf(drawing, around));
  const skipped =
    step.kind === 'parallel' ? skippedParallel(step, drawing, next) : skippedStep(step, drawing, next);
  return {
    entry: choice,
    states: {
      [choice]: { Type: 'Choice', Choices: [{ ...rule, Next: block.entry }], Default: skipped.entry },
      ...block.states,
      ...skipped.states,
    },
  };
}

function skippedStep(step: NamedStep, { labels }: Drawing, next: Next): Block {
  const label = labels.of(step);
  const entry = `${label}: skipped`;
  const result = emptyResult(step.kind, 'skipped');
  return {
    entry,
    states: { [entry]: { Type: 'Pass', Result: result, ResultPath: resultPath(label), ...to(next) } },
  };
}

/** `onFailure`: what follows the last failure, and then the end of the machine or the way on. */
function handled(step: Drawn, drawing: Drawing, around: Surroundings, next: Next): Block {
  // Waiting cannot fail, and a state that nothing leads to is a mistake.
  if (step.kind === 'wait') return waitBlock(step, drawing, next);
  const { onFailure } = step;
  if (!onFailure && !mustTell(step, around)) return plain(step, drawing, { next, around, failure: {} });
  const stopped = `${drawing.labels.of(step)}: stop`;
  const goesOn = onFailure?.then === 'continue';
  const branch = onFailure && seriesBlock(onFailure.steps, drawing, around, goesOn ? next : stopped);
  const failed = failureOf(step, drawing, branch?.entry ?? stopped);
  const whole = plain(step, drawing, { next, around, failure: failed.caught });
  const stop = goesOn ? {} : { [stopped]: stopState(step, drawing) };
  return { entry: whole.entry, states: { ...whole.states, ...failed.states, ...branch?.states, ...stop } };
}

/** Whether a parallel step around a call wants to know the code of its failure: a function has names of its own. */
function mustTell(step: Step, around: Surroundings): boolean {
  return step.kind === 'call' && around.some(({ retry, onFailure }) => onFailure || retry.attempts > 1);
}

interface Ways {
  readonly next: Next;
  readonly around: Surroundings;
  /** The `Catch`, or nothing. */
  readonly failure: Fields;
}

function plain(step: Exclude<Drawn, WaitStep>, drawing: Drawing, ways: Ways): Block {
  const entry = drawing.labels.of(step);
  switch (step.kind) {
    case 'copy':
      return { entry, states: { [entry]: copyState(step, drawing, ways.next, ways.failure) } };
    case 'export':
      return exportBlock(step, drawing, ways.next, ways.failure);
    case 'verify':
      return { entry, states: { [entry]: verifyState(step, drawing, ways.next, ways.failure) } };
    case 'call':
      return callBlock(step, drawing, ways);
    case 'parallel':
      return parallelBlock(step, drawing, { ...ways, series: seriesBlock });
  }
}
