import type { Grant } from '../policy/holder.js';
import type { Stack } from '../stack/pipeline-stacks.js';
import { arn, bucketArn, type Place } from '../stack/site.js';
import { grant } from '../template/role.js';
import type { Fields, TemplateResource } from '../template/template.js';
import { nameProperties, resourceRules } from './resource-rules.js';

/** What CloudFormation does for whoever deploys a stack: what it takes to make, change and delete each of its resources. */
export function stackGrants(stack: Stack, place: Place): readonly Grant[] {
  return Object.entries(stack.template.Resources).flatMap(([logical, resource]) => [
    ...resourceGrants(stack, place, logical, resource),
    ...passedRoles(stack, place, resource),
    ...codeGrants(place, resource),
  ]);
}

function resourceGrants(
  stack: Stack,
  place: Place,
  logical: string,
  { Type, Properties }: TemplateResource,
): readonly Grant[] {
  const rule = resourceRules[Type];
  if (!rule) throw new Error(`nobody says what it takes to make a ${Type}`);
  const allowed = rule({
    place,
    properties: Properties,
    named: `${stack.name}-${logical}`,
    text: (property) => textOf(stack, Properties[property]),
  });
  const reason = `CloudFormation makes, changes and deletes ${Type}`;
  return allowed.flatMap(({ on, actions, wildcard }) =>
    grant(actions, on, reason).map((each) => (wildcard === undefined ? each : { ...each, wildcard })),
  );
}

function textOf(stack: Stack, value: unknown): string {
  const [first] = [value].flat();
  if (typeof first === 'string') return first;
  const resource = stack.template.Resources[referred(first)];
  const name = resource?.Properties[nameProperties[resource.Type] ?? ''];
  if (typeof name !== 'string') throw new Error('a resource without a name');
  return name;
}

/** The logical name within `Ref` or `Fn::GetAtt`; '' where there is none. */
function referred(value: unknown): string {
  const { Ref, 'Fn::GetAtt': attribute } = (value ?? {}) as Readonly<{
    Ref?: string;
    'Fn::GetAtt'?: readonly string[];
  }>;
  return Ref ?? attribute?.[0] ?? '';
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html */
function passedRoles(stack: Stack, place: Place, { Type, Properties }: TemplateResource): readonly Grant[] {
  const logicals = new Set(rolesIn(Properties).map(referred));
  return [...logicals].flatMap((logical) => {
    const role = stack.template.Resources[logical];
    if (role?.Type !== 'AWS::IAM::Role') return [];
    const { Path = '/', RoleName } = role.Properties;
    const passed = arn(place, 'iam', `role${String(Path)}${String(RoleName)}`);
    const passedTo = trustedService(role.Properties);
    return grant('iam:PassRole', passed, `${Type} works as this role`).map((each) => ({ ...each, passedTo }));
  });
}

/** A role of ours that is handed on trusts one service: nobody else is to be handed it. */
function trustedService({ AssumeRolePolicyDocument }: Fields): string {
  const { Statement } = AssumeRolePolicyDocument as {
    readonly Statement: readonly { readonly Principal: Fields }[];
  };
  const [service, ...others] = new Set(Statement.map(({ Principal }) => Principal['Service']));
  if (typeof service !== 'string' || others.length > 0) throw new Error('a role that is not of one service');
  return service;
}

/** The values of all properties that name a role, wherever they stand. */
function rolesIn(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Fields).flatMap(([name, inner]) =>
    /^Role(?:Arn|ARN)?$/.test(name) ? [inner] : rolesIn(inner),
  );
}

function codeGrants(place: Place, { Type, Properties }: TemplateResource): readonly Grant[] {
  if (Type !== 'AWS::Lambda::Function') return [];
  const { S3Bucket } = Properties['Code'] as Fields;
  return grant(
    's3:GetObject',
    `${bucketArn(place, String(S3Bucket))}/*`,
    'Lambda takes code with the permissions of whoever deploys',
  ).map((each) => ({ ...each, wildcard: 'code is named by its content' }));
}
