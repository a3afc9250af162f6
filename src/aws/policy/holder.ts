import type { Purpose, StepNeed } from '../../flow/needs.js';

/**
 * Who must be allowed something: a role, the credentials that the program is started with, a user of MySQL, the program
 * itself on this machine, or a service that does a part of the work in a role of its own.
 */
export type Holder = RoleHolder | CallerHolder | UserHolder | MachineHolder | ServiceHolder;

interface HolderBase {
  /** The connections that work as this one, sorted. */
  readonly connections: readonly string[];
  /** Sorted by resource and action; one for each pair. */
  readonly grants: readonly Grant[];
}

interface RoleHolder extends HolderBase {
  readonly kind: 'role';
  readonly arn: string;
  /** 12 digits. */
  readonly account: string;
}

interface ServiceHolder extends HolderBase {
  readonly kind: 'service';
  readonly arn: string;
  readonly account: string;
}

interface CallerHolder extends HolderBase {
  readonly kind: 'caller';
}

interface MachineHolder extends HolderBase {
  readonly kind: 'machine';
}

export interface UserHolder extends HolderBase {
  readonly kind: 'user';
  readonly connection: string;
  /** Absent where a secret names the user. */
  readonly user?: string;
}

/** One action on one resource. */
export interface Grant {
  readonly action: string;
  readonly resource: string;
  /** Sorted. */
  readonly reasons: readonly string[];
  /** The steps that need it, sorted. */
  readonly steps: readonly string[];
  readonly only?: Purpose;
  readonly wildcard?: string;
  readonly grantOn?: string;
  /** Of `iam:PassRole`: the only service that may be handed the role, as `lambda.amazonaws.com`. */
  readonly passedTo?: string;
}

/** The needs by who has them: the caller, then roles, users, this machine and services, each kind by name. The same needs in any order give the same. */
export function holdersOf(needs: readonly StepNeed[]): readonly Holder[] {
  const groups = new Map<string, StepNeed[]>();
  for (const need of needs.flatMap(oneByOne)) {
    const name = holderName(need);
    groups.set(name, [...(groups.get(name) ?? []), need]);
  }
  const names = [...groups.keys()].sort();
  return names.flatMap((name) => holderOf(groups.get(name) ?? []));
}

/** `SELECT, INSERT` are two. */
function oneByOne(need: StepNeed): readonly StepNeed[] {
  const actions = need.permission.action.split(', ');
  return actions.map((action) => ({ ...need, permission: { ...need.permission, action } }));
}

function isAws({ permission }: StepNeed): boolean {
  return permission.action.includes(':');
}

/** A role is assumed by whoever does not have it yet. */
function roleOf({ permission, role }: StepNeed): string | undefined {
  return permission.action === 'sts:AssumeRole' ? undefined : role;
}

/** The number puts the kinds into their order. */
function holderName(need: StepNeed): string {
  if (need.isLocal) return '4';
  if (need.permission.by !== undefined) return `5 ${need.permission.by}`;
  if (!isAws(need)) return `3 ${need.connection ?? ''}`;
  const role = roleOf(need);
  return role === undefined ? '1' : `2 ${role}`;
}

function holderOf(needs: readonly StepNeed[]): Holder[] {
  const [first] = needs;
  if (!first) return [];
  const connections = sorted(needs.flatMap(({ connection }) => connection ?? []));
  const base = { connections, grants: grantsOf(needs) };
  if (first.isLocal) return [{ kind: 'machine', ...base }];
  if (!isAws(first)) {
    const { connection = '', user } = first;
    return [{ kind: 'user', connection, ...(user === undefined ? {} : { user }), ...base }];
  }
  const { by } = first.permission;
  const arn = by ?? roleOf(first);
  if (arn === undefined) return [{ kind: 'caller', ...base }];
  return [{ kind: by === undefined ? 'role' : 'service', arn, account: arn.split(':')[4] ?? '', ...base }];
}

function grantsOf(needs: readonly StepNeed[]): readonly Grant[] {
  const pairs = new Map<string, StepNeed[]>();
  for (const need of needs) {
    const pair = `${need.permission.resource}\n${need.permission.action}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), need]);
  }
  return sorted([...pairs.keys()]).flatMap((pair) => grantOf(pairs.get(pair) ?? []));
}

function grantOf(needs: readonly StepNeed[]): Grant[] {
  const [first] = needs;
  if (!first) return [];
  const { action, resource, wildcard, grantOn } = first.permission;
  const purposes = new Set(needs.map(({ permission }) => permission.only));
  const only = purposes.has(undefined) ? undefined : purposes.has('verify') ? 'verify' : 'repair';
  const counted = needs.filter(({ permission }) => only !== undefined || permission.only === undefined);
  return [
    {
      action,
      resource,
      reasons: sorted(counted.map(({ permission }) => permission.reason)),
      steps: sorted(counted.map(({ step }) => step)),
      ...(only === undefined ? {} : { only }),
      ...(wildcard === undefined ? {} : { wildcard }),
      ...(grantOn === undefined ? {} : { grantOn }),
    },
  ];
}

/** Each once, by code unit: the same on every machine. */
function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
