import type { Permission } from '../connectors/connector.js';
import type { CallStep, ConnectionDeclaration } from '../declare/declaration.js';
import { isExportPlan, placePermissions } from '../engine/export/export-plan.js';
import { isPlanned } from '../engine/plan.js';
import { isReplicatePlan } from '../engine/replicate/plan.js';
import { allSteps, type PlannedReplicateStep, type PlannedStep, type PreparedCopy } from './plan.js';
import type { PreparedExport } from './plan-export.js';
import type { PreparedReplicate } from './plan-replicate.js';
import type { Half, World } from './scope.js';

/** What a step needs on a connection, or by itself (a call). */
export interface StepNeed {
  readonly step: string;
  readonly permission: Permission;
  readonly connection?: string;
  /** ARN of the role that the connection or the call works as. */
  readonly role?: string;
  /** The user of the connection, where it is declared. */
  readonly user?: string;
  /** It is this machine's own: a folder. */
  readonly isLocal?: true;
}

/** What else than a run needs something. */
export type Purpose = NonNullable<Permission['only']>;

/** The needs of a run, and of what else is asked for. */
export function needsFor(needs: readonly StepNeed[], purposes: ReadonlySet<Purpose>): readonly StepNeed[] {
  return needs.filter(({ permission: { only } }) => only === undefined || purposes.has(only));
}

/**
 * All that the planned steps need, those of `onFailure` too, in the order of the document. What a step `verify` looks at is
 * needed by a run. Steps that were refused say nothing of what they need. `half`: of copies through queues, only what that one needs.
 */
export function stepNeeds(
  { declaration, env }: Pick<World, 'declaration' | 'env'>,
  steps: readonly PlannedStep[],
  half: Half = 'both',
): readonly StepNeed[] {
  const all = allSteps(steps);
  const verified = new Set(all.flatMap(({ step }) => (step.kind === 'verify' ? step.of : [])));
  const needs = all.flatMap((planned) => needsOf(planned, verified, half));
  return needs.map((need) =>
    withHolder(need, need.connection && declaration.connections[need.connection], env),
  );
}

/** What a replicate asks of its source, for somebody who does not load. */
export function feedNeeds(
  { declaration, env }: Pick<World, 'declaration' | 'env'>,
  { replicate: { name, step, planned } }: PlannedReplicateStep,
): readonly StepNeed[] {
  if (!isReplicatePlan(planned)) return [];
  const { connection } = step.from;
  return needsAt(name, connection, planned.description.permissions).map((need) =>
    withHolder(need, declaration.connections[connection], env),
  );
}

/** What the pipeline's state needs, by no step of its own. */
export function stateNeeds({ state }: Pick<World, 'state'>): readonly StepNeed[] {
  const { permissions, role } = state.needs;
  const assume: Permission = {
    action: 'sts:AssumeRole',
    resource: role ?? '',
    reason: "works with the role's permissions",
  };
  return [...permissions, ...(role === undefined ? [] : [assume])].map((permission) => ({
    step: 'state',
    permission,
    ...(role === undefined ? {} : { role }),
  }));
}

type Unheld = Omit<StepNeed, 'user' | 'isLocal'>;

function needsOf(planned: PlannedStep, verified: ReadonlySet<string>, half: Half): readonly Unheld[] {
  if (planned.kind === 'copy' || planned.kind === 'replicate') {
    const own = planned.kind === 'replicate' ? replicateNeeds(planned.replicate) : [];
    const needs = [...own, ...planned.copies.flatMap((copy) => copyNeeds(copy, half))];
    return verified.has(planned.step.name) ? needs.map(alsoInARun) : needs;
  }
  if (planned.kind === 'export') return exportNeeds(planned.prepared);
  return planned.step.kind === 'call' ? callNeeds(planned.step) : [];
}

function alsoInARun(need: Unheld): Unheld {
  const { only, ...permission } = need.permission;
  return only === 'verify' ? { ...need, permission } : need;
}

function copyNeeds({ name, step, planned, via, listing = [] }: PreparedCopy, half: Half): readonly Unheld[] {
  if (!isPlanned(planned)) return [];
  const { description, sinkPlan } = planned;
  const at = (connection: string, permissions: readonly Permission[]) =>
    needsAt(name, connection, permissions);
  const queue = step.via?.connection ?? '';
  const source = at(step.from.connection, [...listing, ...description.permissions]);
  if (!via) return [...source, ...at(step.to.connection, sinkPlan.permissions)];
  if (via.half === 'receive') {
    return [...at(queue, description.permissions), ...at(step.to.connection, sinkPlan.permissions)];
  }
  const { description: described, behind } = via.sink;
  const sends = [...source, ...at(queue, described.sendPermissions)];
  const receives = behind
    ? [...at(queue, described.receivePermissions), ...at(step.to.connection, behind.sinkPlan.permissions)]
    : [];
  return [...(half === 'receive' ? [] : sends), ...(half === 'send' ? [] : receives)];
}

function replicateNeeds({ name, step, planned }: PreparedReplicate): readonly Unheld[] {
  if (!isReplicatePlan(planned)) return [];
  return [
    ...needsAt(name, step.from.connection, planned.description.permissions),
    ...needsAt(name, step.to.connection, planned.sinkPlan.permissions),
  ];
}

/** What RDS wrote is read by the connection of the bucket. */
function exportNeeds({ name, step, planned }: PreparedExport): readonly Unheld[] {
  if (!isExportPlan(planned)) return [];
  return [
    ...needsAt(name, step.from.connection, planned.description.permissions),
    ...needsAt(name, step.to.connection, placePermissions(planned)),
    ...needsAt(name, step.count?.connection ?? '', planned.counted?.permissions ?? []),
  ];
}

function needsAt(step: string, connection: string, permissions: readonly Permission[]): readonly Unheld[] {
  return permissions.map((permission) => ({
    step,
    connection: permission.connection ?? connection,
    permission,
  }));
}

/** What invoking a function from here needs. */
function callNeeds({ name, run, function: arn, role }: CallStep): readonly Unheld[] {
  if (run || arn === undefined) return [];
  const invoke = { action: 'lambda:InvokeFunction', resource: arn, reason: `call ${name}` };
  const assume = {
    action: 'sts:AssumeRole',
    resource: role ?? '',
    reason: "works with the role's permissions",
  };
  const permissions: readonly Permission[] = role === undefined ? [invoke] : [invoke, assume];
  return permissions.map((permission) => ({
    step: name,
    permission,
    ...(role === undefined ? {} : { role }),
  }));
}

function withHolder(
  need: Unheld,
  options: ConnectionDeclaration | '' | undefined,
  env: World['env'],
): StepNeed {
  if (!options) return need;
  const role = options['role'];
  const user = userOf(options['user'], env);
  return {
    ...need,
    ...(typeof role === 'string' ? { role } : {}),
    ...(user === undefined ? {} : { user }),
    ...(options.kind === 'files' ? { isLocal: true as const } : {}),
  };
}

/** `user: app` or `user: { env: NAME }`. */
function userOf(declared: unknown, env: World['env']): string | undefined {
  if (typeof declared === 'string') return declared;
  if (typeof declared !== 'object' || declared === null || !('env' in declared)) return undefined;
  return env[String(declared.env)];
}
