import { wideRule } from '../audit/wide-resource.js';
import type { Grant } from '../policy/holder.js';
import { type PolicyDocument, type PolicyStatement, policyDocument } from '../policy/policy-document.js';
import { MAX_INLINE_CHARS, MAX_MANAGED_CHARS, policyChars } from './policy-size.js';
import { type Fields, given, type Resources, ref, type TemplateResource } from './template.js';
import { metadataOf, type Waivers } from './waivers.js';

/** One action, or several, on one resource, for a reason. */
export function grant(
  actions: string | readonly string[],
  resource: string,
  reason: string,
): readonly Grant[] {
  return [actions].flat().map((action) => ({ action, resource, reasons: [reason], steps: [] }));
}

export interface RoleRequest {
  readonly name: string;
  readonly description: string;
  /** Who may assume it: a statement without `Effect` and `Action`. */
  readonly trust: Fields;
  readonly grants: readonly Grant[];
  /** ARN of the policy that bounds every role of the account, where there is one. */
  readonly boundary?: string | undefined;
}

/** A service of AWS, for this account's own resource only. https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html */
export function serviceTrust(service: string, account: string, sourceArn: string): Fields {
  return {
    Principal: { Service: service },
    Condition: {
      StringEquals: { 'aws:SourceAccount': account },
      ArnLike: { 'aws:SourceArn': sourceArn },
    },
  };
}

/** A role with one policy: exactly the grants, a statement for each resource; the metadata says what each is for. */
export function roleResource(request: RoleRequest): TemplateResource {
  const grants = sorted(request.grants);
  return roleOf(request, grants, policyDocument({ grants }).Statement, []);
}

/** The same where the grants may be more than a role's own policy holds: the rest stands in managed policies beside it. */
export function roleResources(logical: string, request: RoleRequest): Resources {
  const grants = sorted(request.grants);
  const [own = [], ...others] = shares(policyDocument({ grants }).Statement);
  const policies = others.map((statements, index) => [`${logical}More${index + 1}`, statements] as const);
  const names = policies.map(([name]) => name);
  return {
    [logical]: roleOf(request, grants, own, names),
    ...Object.fromEntries(
      policies.map(([name, statements]) => [name, managedPolicy(request, grants, statements)]),
    ),
  };
}

type Statements = readonly PolicyStatement[];

/** As many as go into the role itself, then as many as go into each policy beside it. */
function shares(statements: Statements): readonly Statements[] {
  const all: PolicyStatement[][] = [[]];
  for (const statement of statements) {
    const last = all.at(-1) ?? [];
    const most = all.length === 1 ? MAX_INLINE_CHARS : MAX_MANAGED_CHARS;
    if (last.length === 0 || policyChars(documentOf([...last, statement])) <= most) last.push(statement);
    else all.push([statement]);
  }
  return all;
}

function documentOf(Statement: Statements): PolicyDocument {
  return { Version: '2012-10-17', Statement };
}

function roleOf(
  request: RoleRequest,
  grants: readonly Grant[],
  statements: Statements,
  managed: readonly string[],
): TemplateResource {
  return {
    Type: 'AWS::IAM::Role',
    ...metadataFor(statements, grants),
    Properties: given({
      RoleName: request.name,
      Description: request.description,
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', ...request.trust }],
      },
      PermissionsBoundary: request.boundary,
      ManagedPolicyArns: managed.length === 0 ? undefined : managed.map(ref),
      Policies:
        statements.length === 0 ? undefined : [{ PolicyName: 'own', PolicyDocument: documentOf(statements) }],
    }),
  };
}

/** The role names it, so that whoever waits for the role waits for it, too. */
function managedPolicy(
  { description }: RoleRequest,
  grants: readonly Grant[],
  statements: Statements,
): TemplateResource {
  return {
    Type: 'AWS::IAM::ManagedPolicy',
    ...metadataFor(statements, grants),
    Properties: { Description: `${description}, continued`, PolicyDocument: documentOf(statements) },
  };
}

function metadataFor(statements: Statements, grants: readonly Grant[]): { readonly Metadata: Fields } {
  const { Metadata: waived } = metadataOf(...statements.map((each) => waiversOf(each, grants)));
  return { Metadata: { ...waived, Reasons: reasonsOf(statements, grants) } };
}

/** By resource and action; the reasons of the same pair are put together. */
function sorted(grants: readonly Grant[]): readonly Grant[] {
  const pairs = new Map<string, Grant>();
  for (const each of grants) {
    const key = `${each.resource}\n${each.action}`;
    const there = pairs.get(key);
    const reasons = [...new Set([...(there?.reasons ?? []), ...each.reasons])];
    pairs.set(key, there ? { ...there, reasons } : { ...each, reasons });
  }
  return [...pairs].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => each);
}

function grantsOf({ Resource, Action }: PolicyStatement, grants: readonly Grant[]): readonly Grant[] {
  return grants.filter(({ resource, action }) => resource === Resource && Action.includes(action));
}

/** Sid → what its actions are for. */
function reasonsOf(statements: readonly PolicyStatement[], grants: readonly Grant[]): Fields {
  const textOf = (statement: PolicyStatement) => [
    ...new Set(grantsOf(statement, grants).flatMap(({ reasons }) => reasons)),
  ];
  return Object.fromEntries(statements.map((statement) => [statement.Sid, textOf(statement).join('; ')]));
}

/** What checkov has against actions on `*`, whatever they are. */
const wideChecks = ['CKV_AWS_107', 'CKV_AWS_108', 'CKV_AWS_109', 'CKV_AWS_110', 'CKV_AWS_111'];

function waiversOf(statement: PolicyStatement, grants: readonly Grant[]): Waivers {
  const { Resource, Action } = statement;
  if (!/[*?]/.test(Resource)) return {};
  const own = grantsOf(statement, grants);
  const said = own.flatMap(({ wildcard, reasons }) => wildcard ?? reasons);
  const reason = `${Action.join(', ')}: ${[...new Set(said)].join('; ')}`;
  const rule = wideRule(Action, Resource);
  const isAll = Resource === '*';
  return {
    ...(rule === undefined ? {} : { audit: { [rule]: reason } }),
    ...(isAll ? { checkov: Object.fromEntries(wideChecks.map((id) => [id, reason])) } : {}),
    nag: {
      [`AwsSolutions-IAM5[Resource::${Resource}]`]: reason,
      ...(isAll ? { 'Serverless-LambdaStarPermissions': reason } : {}),
    },
  };
}
