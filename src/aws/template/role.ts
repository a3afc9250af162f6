import { wideRule } from '../audit/wide-resource.js';
import type { Grant } from '../policy/holder.js';
import { type PolicyStatement, policyDocument } from '../policy/policy-document.js';
import { type Fields, given, type TemplateResource } from './template.js';
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
  const document = policyDocument({ grants });
  const { Metadata: waived } = metadataOf(...document.Statement.map((each) => waiversOf(each, grants)));
  return {
    Type: 'AWS::IAM::Role',
    Metadata: { ...waived, Reasons: reasonsOf(document.Statement, grants) },
    Properties: given({
      RoleName: request.name,
      Description: request.description,
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', ...request.trust }],
      },
      PermissionsBoundary: request.boundary,
      Policies: grants.length === 0 ? undefined : [{ PolicyName: 'own', PolicyDocument: document }],
    }),
  };
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
