import { inputOf } from './call-input.js';
import { Carrying, type Scope, type Walk, type Walked } from './carrying.js';
import { caughtSteps } from './catch-steps.js';
import { choiceSteps } from './choice-state.js';
import { type Data, dataAt, fromTemplate, noData, parsePath, unknown, withData } from './data.js';
import type { Import, ImportedStep } from './imported-step.js';
import { joinsOf } from './joins.js';
import { lambdaTask } from './lambda-task.js';
import { quoted, type ReadMachine, type ReadState, waysOut } from './machine-file.js';
import { retryOf } from './retriers.js';
import { waitStep } from './wait-state.js';

/**
 * The steps that do what a state machine of Lambda functions does, and what of it they do not. Throws
 * `state_machine_invalid` when they would be too many.
 */
export function importMachine(machine: ReadMachine, file: string): Import {
  const carrying = new Carrying(file);
  if (machine.TimeoutSeconds !== undefined) {
    carrying.lose(
      undefined,
      'TimeoutSeconds of the machine',
      'a run has no time limit; calls have `timeout`',
    );
  }
  const { steps } = machineSteps(carrying, machine, { kind: 'input' });
  return { steps, losses: carrying.losses };
}

function machineSteps(carrying: Carrying, machine: ReadMachine, data: Data): Walked {
  const reached = new Set<string>([machine.StartAt]);
  for (const name of reached) for (const next of waysOut(stateOf(machine, name))) reached.add(next);
  for (const name of Object.keys(machine.States)) {
    if (!reached.has(name)) carrying.lose(name, 'the state', 'no way leads to it');
  }
  const scope = { carrying, machine, joins: joinsOf(machine), failing: false };
  return walk(scope, machine.StartAt, undefined, data);
}

function stateOf({ States }: ReadMachine, name: string): ReadState {
  const state = States[name];
  if (!state) throw new Error('a way that leads nowhere');
  return state;
}

const walk: Walk = (scope, from, until, before) => {
  const steps: ImportedStep[] = [];
  let data = before;
  let name = from;
  while (name !== undefined && name !== until) {
    const walked: Walked & { readonly next?: string | undefined } = stateSteps(scope, name, data);
    steps.push(...walked.steps);
    data = walked.data;
    name = walked.next;
  }
  return { steps, data };
};

function stateSteps(scope: Scope, name: string, data: Data): Walked & { readonly next?: string | undefined } {
  const state = stateOf(scope.machine, name);
  const input = pathTo(state['InputPath'], data);
  sayUnused(scope, name, state);
  switch (state.Type) {
    case 'Task':
      return taskSteps(scope, name, state, data);
    case 'Parallel':
      return parallelSteps(scope, name, state, data);
    case 'Choice': {
      const walked = choiceSteps(scope, name, state, pathTo(state['OutputPath'], input), walk);
      return { ...walked, next: scope.joins.behind(name) };
    }
    case 'Wait': {
      const steps = waitStep(scope, name, state, input);
      return { steps, data: pathTo(state['OutputPath'], input), next: state.Next };
    }
    case 'Pass':
      return { steps: [], data: resultOf(state, data, passResult(state, input)), next: state.Next };
    case 'Succeed':
      return { steps: [], data: pathTo(state['OutputPath'], input) };
    case 'Fail':
      sayFail(scope, name, state);
      return { steps: [], data };
    case 'Map':
      scope.carrying.lose(name, 'the Map state', 'there are no steps for each item of a list');
      return { steps: [], data: resultOf(state, data, unknown('a Map state makes it')), next: state.Next };
  }
}

function passResult(state: ReadState, input: Data): Data {
  if (state['Result'] !== undefined) return { kind: 'constant', value: state['Result'] };
  return state['Parameters'] === undefined ? input : fromTemplate(state['Parameters'], input);
}

function taskSteps(scope: Scope, name: string, state: ReadState, data: Data) {
  const { carrying } = scope;
  const task = lambdaTask(state, pathTo(state['InputPath'], data));
  if ('not' in task) {
    carrying.lose(name, 'the Task', task.not);
    return { steps: [], data: resultOf(state, data, unknown(`${quoted(name)} makes it`)), next: state.Next };
  }
  const call = carrying.name(name);
  const { value, losses, notes } = inputOf(task.payload);
  const { retry, ...about } = retryOf(state['Retry']);
  for (const loss of [...task.losses, ...losses, ...about.losses])
    carrying.lose(name, 'a part of the Task', loss);
  const role = (state['Credentials'] as { RoleArn?: unknown } | undefined)?.RoleArn;
  const timeout = state['TimeoutSeconds'];
  const step: ImportedStep = {
    state: name,
    notes: [...notes, ...about.notes],
    fields: {
      call,
      function: task.functionArn,
      ...(typeof role === 'string' ? { role } : {}),
      ...(value === undefined ? {} : { input: value }),
      ...(typeof timeout === 'number' && timeout <= MAX_TIMEOUT_SECONDS ? { timeout } : {}),
      ...(retry ? { retry } : {}),
    },
  };
  const output: Data = { kind: 'output', step: call, path: [] };
  const after = resultOf(state, data, task.resultOf(output));
  return caughtSteps(scope, { name, state, step, before: data, after }, walk);
}

/** Longer ones are as good as none: a function has 15 minutes. */
const MAX_TIMEOUT_SECONDS = 86_400;

function parallelSteps(scope: Scope, name: string, state: ReadState, data: Data) {
  const { carrying } = scope;
  const given = pathTo(state['InputPath'], data);
  const input = state['Parameters'] === undefined ? given : fromTemplate(state['Parameters'], given);
  const machines = state['Branches'] as readonly ReadMachine[];
  const walked = machines.map((machine) => machineSteps(carrying, machine, input));
  const result: Data = { kind: 'list', items: walked.map((branch) => branch.data) };
  const after = resultOf(state, data, result);
  const branches = walked.map(({ steps }) => steps).filter((steps) => steps.length > 0);
  if (branches.length === 0) return { steps: [], data: after, next: state.Next };
  const { retry, losses, notes } = retryOf(state['Retry']);
  for (const loss of losses) carrying.lose(name, 'a part of the Parallel state', loss);
  if (retry)
    carrying.lose(name, 'its Retry repeats all branches', '`retry` does not call again what has ended');
  const step = { state: name, notes, fields: retry ? { retry } : {}, branches };
  return caughtSteps(scope, { name, state, step, before: data, after }, walk);
}

/** InputPath or OutputPath. */
function pathTo(path: unknown, data: Data): Data {
  if (path === null) return noData;
  return typeof path === 'string' ? dataAt(data, path) : data;
}

/** ResultSelector, ResultPath and OutputPath. */
function resultOf(state: ReadState, before: Data, result: Data): Data {
  const selector = state['ResultSelector'];
  const selected = selector === undefined ? result : fromTemplate(selector, result);
  const { ResultPath: path = '$' } = state;
  const parts = typeof path === 'string' ? parsePath(path) : undefined;
  const all =
    path === null
      ? before
      : parts
        ? withData(before, parts, selected)
        : unknown('it is not known where it lies');
  return pathTo(state['OutputPath'], all);
}

/** Fields that say something which steps do not have. */
const unused = {
  HeartbeatSeconds: 'a call has no heartbeat',
  HeartbeatSecondsPath: 'a call has no heartbeat',
  TimeoutSecondsPath: '`timeout` is a number',
  Assign: 'there are no variables',
} as const;

function sayUnused({ carrying }: Scope, name: string, state: ReadState): void {
  for (const [field, why] of Object.entries(unused)) {
    if (state[field] !== undefined) carrying.lose(name, field, why);
  }
}

function sayFail({ carrying, failing }: Scope, name: string, state: ReadState): void {
  const { Error: error } = state;
  if (!failing)
    carrying.lose(name, 'the Fail state', 'there is no step that fails: the steps end, or go on behind it');
  else if (error !== undefined) {
    carrying.lose(name, `its Error ${quoted(String(error))}`, 'a run ends with the failure that was caught');
  }
}
