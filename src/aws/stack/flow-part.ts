import type { Declaration, NamedStep } from '../../declare/declaration.js';
import { definitionText, stateMachineOf } from '../../flow/asl/machine.js';
import { RUN_FUNCTION, stepFunctions } from '../../flow/asl/step-functions.js';
import type { Counted } from '../metrics.js';
import { grant } from '../template/role.js';
import type { Resources } from '../template/template.js';
import { alarmResources } from './alarms.js';
import { runWidgets } from './dashboard.js';
import { codeOf, functionArn, functionName, functionResources } from './function.js';
import type { GuestRole } from './guest.js';
import { heldGrants } from './held-grants.js';
import { executionArns, machineArn, machineResources } from './machine.js';
import { namedSteps } from './named-steps.js';
import type { Part } from './part.js';
import type { PipelineFacts } from './pipeline-stacks.js';
import { scheduleResources } from './schedule.js';
import { roleArn, stateUrl } from './site.js';
import { variablesOf } from './variables.js';

const RUN_MEMORY = 512;
/** The most there is: keys of both sides lie on disk while they are compared, about 80 bytes for each. */
const MIRROR_DISK = 10_240;

/** A flow with an end (F1, F3): its functions, the state machine that calls them, what starts it and what looks at it. */
export function flowPart(facts: PipelineFacts): Part {
  const { declaration, site, needs } = facts;
  const { steps, schedule } = declaration;
  const made = [
    runFunction(facts),
    ...stepsWithFunction(declaration).map((each) => stepFunction(facts, each)),
  ];
  const calls = heldGrants(site, roleArn(site, 'machine'), needs.machine);
  const functions = new Map(
    made.map(({ placeholder, name }) => [
      placeholder,
      { resource: `${placeholder}Function`, arn: functionArn(site, name) },
    ]),
  );
  const machine = machineResources(site, {
    definition: definitionText(stateMachineOf(declaration)),
    functions,
    isDistributed: namedSteps(steps).some(({ kind }) => kind === 'copy'),
    grants: calls.own,
  });
  return {
    resources: Object.assign(
      {},
      ...made.map(({ resources }) => resources),
      machine,
      schedule === undefined ? {} : scheduleResources(site, schedule),
      alarmResources(site, schedule),
    ),
    outputs: {
      StateUrl: { Description: 'What --state takes', Value: stateUrl(site) },
      StateMachineArn: { Description: 'What a run is an execution of', Value: machineArn(site) },
    },
    guests: [...made.flatMap(({ guests }) => guests), ...calls.guests],
    watched: {
      widgets: runWidgets(site, { scheduled: schedule !== undefined }),
      functions: made.map(({ name }) => functionName(site, name)),
      counted: namedSteps(steps).flatMap(countedOf),
    },
  };
}

/** What waits, calls or verifies counts nothing. */
function countedOf(step: NamedStep): readonly Counted[] {
  const { kind, name } = step;
  if (kind === 'copy') return [{ kind: step.via ? 'sent' : 'copy', name }];
  return kind === 'export' ? [{ kind, name }] : [];
}

interface MadeFunction {
  readonly placeholder: string;
  /** The end of its name. */
  readonly name: string;
  readonly resources: Resources;
  readonly guests: readonly GuestRole[];
}

/** It knows the journal, and whether the execution of a run before still is at work. */
function runFunction({ site, code, declaration }: PipelineFacts): MadeFunction {
  const name = 'run';
  const resources = functionResources(site, {
    logical: RUN_FUNCTION,
    name,
    description: `${declaration.pipeline}: begins runs, and tells how steps failed`,
    code: codeOf(code, RUN_FUNCTION),
    grants: grant(
      'states:DescribeExecution',
      executionArns(site),
      'sees whether the execution of an unfinished run still is at work',
    ).map((each) => ({ ...each, wildcard: 'executions of this machine have names of their own' })),
    inVpc: false,
    memory: RUN_MEMORY,
  });
  return { placeholder: RUN_FUNCTION, name, resources, guests: [] };
}

function stepFunction(facts: PipelineFacts, [step, placeholder]: readonly [NamedStep, string]): MadeFunction {
  const { site, code, needs, declaration } = facts;
  const name = `step-${step.name}`;
  const { own, guests } = heldGrants(site, roleArn(site, name), needs.steps.get(step.name) ?? []);
  const { variables, talksToDatabase } = variablesOf(declaration, step, facts.env);
  const mirrors = comparesKeys(declaration, step);
  const resources = functionResources(site, {
    logical: placeholder,
    name,
    description: `${declaration.pipeline}: ${step.kind} ${step.name}`,
    code: codeOf(code, placeholder),
    grants: own,
    variables: { ...variables, ...workTime(facts, step), SLUICE_STEP: step.name },
    inVpc: talksToDatabase,
    ...(mirrors ? { disk: MIRROR_DISK } : {}),
    // Old reports go with a new one, and keys when they were compared.
    forgets: step.kind === 'verify' || mirrors,
  });
  return { placeholder, name, resources, guests };
}

/** A mirror in DynamoDB: the database of another does it itself. */
function comparesKeys({ connections }: Declaration, step: NamedStep): boolean {
  if (step.kind !== 'copy' || step.to['mode'] !== 'mirror') return false;
  return connections[step.to.connection]?.kind === 'dynamodb';
}

/** Only what is copied can be handed over. */
function workTime({ site }: PipelineFacts, { kind }: NamedStep): Readonly<Record<string, string>> {
  const { workSeconds } = site.deploy;
  return kind !== 'copy' || workSeconds === undefined ? {} : { SLUICE_WORK_SECONDS: String(workSeconds) };
}

/** Each step that has a function of its own, with its placeholder. */
function stepsWithFunction({ steps }: Declaration): readonly (readonly [NamedStep, string])[] {
  const placeholders = stepFunctions(steps);
  return namedSteps(steps).flatMap((step) => {
    const placeholder = placeholders.get(step.name);
    return placeholder === undefined ? [] : [[step, placeholder] as const];
  });
}
