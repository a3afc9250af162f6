import { MAX_MANAGED_CHARS, policyChars } from '../template/policy-size.js';
import type { Person } from './person.js';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
export interface PersonPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PersonStatement[];
}

interface PersonStatement {
  readonly Effect: 'Allow';
  /** Sorted, as are the resources. */
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PassedToService */
  readonly Condition?: { readonly StringEquals: { readonly 'iam:PassedToService': string } };
}

/** What somebody is allowed, as policies that each are no longer than a managed policy may be. */
export function personPolicies({ grants }: Person): readonly PersonPolicy[] {
  const policies: PersonStatement[][] = [[]];
  for (const statement of byActions(grants).map(statementOf).flatMap(parted)) {
    const last = policies.at(-1) ?? [];
    if (last.length === 0 || policyChars(policyOf([...last, statement])) <= MAX_MANAGED_CHARS)
      last.push(statement);
    else policies.push([statement]);
  }
  return policies.map(policyOf);
}

function policyOf(Statement: readonly PersonStatement[]): PersonPolicy {
  return { Version: '2012-10-17', Statement };
}

function statementOf({ actions, resources, passedTo }: SameActions): PersonStatement {
  const condition =
    passedTo === undefined ? {} : { Condition: { StringEquals: { 'iam:PassedToService': passedTo } } };
  return { Effect: 'Allow', Action: actions, Resource: resources, ...condition };
}

/** Resources on which the same is allowed. All sorted. */
export interface SameActions {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Only where a role is handed to this service. */
  readonly passedTo?: string;
}

/** Resources with the same actions together: people deploy many of one kind. What has a condition is by itself. */
export function byActions(grants: Person['grants']): readonly SameActions[] {
  const services = [...new Set(grants.map(({ passedTo }) => passedTo))].sort();
  return services.flatMap((passedTo) => {
    const own = together(grants.filter((each) => each.passedTo === passedTo));
    return passedTo === undefined ? own : own.map((each) => ({ ...each, passedTo }));
  });
}

function together(grants: Person['grants']): readonly SameActions[] {
  const actions = new Map<string, Set<string>>();
  for (const { action, resource } of grants)
    actions.set(resource, (actions.get(resource) ?? new Set<string>()).add(action));
  const resources = new Map<string, string[]>();
  for (const [resource, names] of [...actions].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const same = [...names].sort().join(' ');
    resources.set(same, [...(resources.get(same) ?? []), resource]);
  }
  return [...resources].map(([names, on]) => ({ actions: names.split(' '), resources: on }));
}

/** A statement that is too long for a policy is several. */
function parted(statement: PersonStatement): readonly PersonStatement[] {
  const { Resource } = statement;
  if (Resource.length === 1 || policyChars(policyOf([statement])) <= MAX_MANAGED_CHARS) return [statement];
  const half = Math.ceil(Resource.length / 2);
  return [Resource.slice(0, half), Resource.slice(half)].flatMap((part) =>
    parted({ ...statement, Resource: part }),
  );
}
