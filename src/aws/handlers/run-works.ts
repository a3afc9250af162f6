import { firingContext } from '../../expression/evaluate.js';
import { fieldsOfSteps } from '../../expression/fields.js';
import type { StepValues } from '../../expression/values.js';
import { beginRun, endRun } from '../../flow/apart/begin-run.js';
import { type Failure, failedStep } from '../../flow/apart/failed-step.js';
import { Labels } from '../../flow/asl/labels.js';
import { firingNow, firingsAsked, isAsked } from '../../flow/firing.js';
import type { Firing } from '../../values/firing.js';
import { textOf } from './asked.js';
import type { Asked, Deployed, Work, Works } from './deployed.js';
import { executionIsRunning } from './execution.js';
import { ageOf, sinceLastRun } from './run-counts.js';

/** What whoever starts an execution may say. */
interface ExecutionInput {
  /** The instant of a schedule, as EventBridge Scheduler has it. */
  readonly firing?: string;
  /** As `sluice run` has them. */
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
  readonly fresh?: boolean;
  readonly full?: boolean;
}

const begin: Work = async (deployed, asked, { time, log }) => {
  const input = inputOf(asked);
  const request = {
    execution: textOf(asked, 'execution'),
    firing: firingOf(deployed, input),
    asked: isAsked(input),
    fresh: input.fresh === true,
    full: input.full === true,
    isRunning: (execution: string) => executionIsRunning(execution, deployed, time.signal),
  };
  const { run, firing } = await beginRun({ ...deployed, signal: time.signal }, request);
  log.said('begun', { run });
  const { runs } = deployed.state;
  log.counted(undefined, await sinceLastRun(runs, { run, firing, schedule: deployed.declaration.schedule }));
  return {
    run,
    firing: { ...firingContext(firing), zone: firing.zone },
    steps: pending(asked),
    nothing: null,
  };
};

function inputOf({ input }: Asked): ExecutionInput {
  return typeof input === 'object' && input !== null ? input : {};
}

function firingOf({ declaration }: Deployed, input: ExecutionInput): Firing {
  if (input.firing !== undefined) return firingNow(declaration, new Date(input.firing));
  const [firing = firingNow(declaration)] = firingsAsked(declaration, input);
  return firing;
}

/** Whatever kind of step it is, conditions find all fields that they may ask for. */
function pending({ steps }: Asked): object {
  const names = Array.isArray(steps) ? steps.map(String) : [];
  const numbers = Object.values(fieldsOfSteps).flatMap((fields) =>
    Object.entries(fields).flatMap(([name, { is }]) => (is === 'number' ? [[name, 0]] : [])),
  );
  const empty = { outcome: 'pending', ...Object.fromEntries(numbers), output: null };
  return Object.fromEntries(names.map((name) => [name, empty]));
}

const failed: Work = async (deployed, asked, { time, log }) => {
  const step = textOf(asked, 'step');
  const failure = (asked['error'] ?? {}) as Failure;
  const values = await failedStep({ ...deployed, signal: time.signal }, textOf(asked, 'run'), step, failure);
  log.warned('failed', { step, code: values.error?.code });
  return values;
};

const end: Work = async (deployed, asked, { time, log }) => {
  const results = resultsIn(deployed, asked);
  const outcomes = new Set([...results.values()].map(({ outcome }) => outcome));
  const outcome = outcomes.has('failed') ? 'failures' : outcomes.has('rejects') ? 'rejects' : 'complete';
  const run = textOf(asked, 'run');
  const { started } = await endRun({ ...deployed, signal: time.signal }, run, outcome, results);
  log.said('ended', { run, outcome });
  log.counted(undefined, { Age: ageOf(started) });
  return { outcome };
};

/** What the steps that the machine has come to gave, by their names. */
function resultsIn({ declaration }: Deployed, { steps }: Asked): ReadonlyMap<string, StepValues> {
  const given = (steps ?? {}) as Readonly<Record<string, { readonly outcome: string }>>;
  const found = [...new Labels(declaration.steps).named()].flatMap(([name, label]) => {
    const result = given[label];
    return result === undefined || result.outcome === 'pending'
      ? []
      : [[name, result as StepValues] as const];
  });
  return new Map(found);
}

/** Of the function of the run as a whole. */
export const runWorks: Works = { begin, failed, end };
