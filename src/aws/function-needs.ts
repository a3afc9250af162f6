import { feedNeeds, needsFor, type StepNeed, stepNeeds } from '../flow/needs.js';
import { allSteps, type NamedPlan, type PlannedStep } from '../flow/plan.js';
import type { Half, World } from '../flow/scope.js';
import { stageName } from './delivery-stages.js';

/** What each function must be allowed, by its step's name, and what the state machine itself does. */
export interface FunctionNeeds {
  readonly steps: ReadonlyMap<string, readonly StepNeed[]>;
  /** Of functions that receive what a step sent through a queue. */
  readonly receivers: ReadonlyMap<string, readonly StepNeed[]>;
  /** Of replicates through a delivery stream, by the ends of their functions' names: what they ask of source and sink. */
  readonly stages: ReadonlyMap<string, readonly StepNeed[]>;
  /** Of calls, and of what it asks of RDS. */
  readonly machine: readonly StepNeed[];
}

type Asked = Pick<World, 'declaration' | 'env'>;

/** Of a plan without refusals. What a run of the whole flow needs, cut into the functions that do it. */
export function functionNeeds(world: Asked, planned: readonly PlannedStep[]): FunctionNeeds {
  const named = allSteps(planned).filter((each): each is NamedPlan => each.kind !== 'parallel');
  const alone = (each: NamedPlan, half?: Half): readonly StepNeed[] =>
    stepNeeds(world, [{ ...each, onFailure: [] }], half);
  const receivers = new Map<string, readonly StepNeed[]>();
  const steps = new Map<string, readonly StepNeed[]>();
  const stages = new Map<string, readonly StepNeed[]>();
  for (const each of named) {
    if (each.step.kind === 'wait' || each.step.kind === 'call') continue;
    const { step } = each;
    if (each.kind === 'replicate' && each.step.via) {
      const { name } = each.step;
      stages.set(stageName('transform', name), feedNeeds(world, each).filter(onlyDescribes));
      stages.set(stageName('load', name), needsFor(alone(each), new Set()).filter(isHanded));
    } else if (step.kind === 'copy' || step.kind === 'replicate') {
      const { name, via } = step;
      steps.set(name, needsFor(alone(each, 'send'), new Set()));
      if (step.kind === 'copy' && via)
        receivers.set(name, asItself(needsFor(alone(each, 'receive'), new Set()), via.connection));
    } else if (step.kind === 'export') {
      steps.set(step.name, alone(each).filter(isOfFunction));
    } else {
      const compared = named
        .filter((other) => step.of.includes(other.step.name))
        .flatMap((other) => alone(other));
      steps.set(step.name, needsFor(compared, new Set(['verify'])).filter(onlyLooks));
    }
  }
  const calls = named.filter(({ kind }) => kind === 'call').flatMap((each) => alone(each));
  const exports = named.filter(({ kind }) => kind === 'export').flatMap((each) => alone(each));
  return { steps, receivers, stages, machine: [...calls, ...exports.filter(isOfMachine)] };
}

/** A queue and whoever receives from it are in one account: no role is assumed for that (code/receiving-form.ts). */
function asItself(needs: readonly StepNeed[], queue: string): readonly StepNeed[] {
  return needs.flatMap(({ role, ...need }): StepNeed[] => {
    if (need.connection !== queue) return [role === undefined ? need : { ...need, role }];
    return need.permission.action === 'sts:AssumeRole' ? [] : [need];
  });
}

/** Whoever is handed changes looks at the table, and not at its stream. */
function isHanded({ permission: { action } }: StepNeed): boolean {
  return !/^dynamodb:(DescribeStream|GetRecords|GetShardIterator)$/.test(action);
}

function onlyDescribes(need: StepNeed): boolean {
  return need.permission.only === undefined && isHanded(need);
}

/** What Step Functions asks of RDS itself (src/flow/asl/rds-calls.ts), with what StartExportTask wants of its caller. */
const begins = /^(rds:(Create|AddTags|StartExport)|iam:PassRole$|kms:CreateGrant$)/;
const watches = /^(rds:Describe(DBSnapshots|DBClusterSnapshots|ExportTasks)|kms:DescribeKey|sts:AssumeRole)$/;

function isOfMachine({ permission: { action, reason } }: StepNeed): boolean {
  if (action === 'sts:AssumeRole') return reason.includes('RDS');
  return begins.test(action) || watches.test(action);
}

function isOfFunction({ permission: { action } }: StepNeed): boolean {
  return !begins.test(action);
}

/** Comparing writes nothing. */
const writing =
  /^(dynamodb:(Put|Update|Delete|BatchWrite|Create|Tag)|s3:(Put|Delete|Abort)|sqs:|kms:Generate)/;

function onlyLooks({ permission }: StepNeed): boolean {
  return !writing.test(permission.action);
}
