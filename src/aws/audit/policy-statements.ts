import type { Resource, Template, TemplatePath } from './template.js';
import { choicesOf, type Fields, fieldsOf, isFields, listOf, textOf } from './value.js';

/** A statement of a policy. identity: what a role may do. resource: who may do what with the resource. trust: who may be the role. */
export interface Statement {
  readonly resource: Resource;
  readonly kind: 'identity' | 'resource' | 'trust';
  /** Below the resource's properties. */
  readonly path: TemplatePath;
  readonly fields: Fields;
}

const documents: readonly (readonly [type: string, kind: Statement['kind'], property: string])[] = [
  ['AWS::IAM::Policy', 'identity', 'PolicyDocument'],
  ['AWS::IAM::ManagedPolicy', 'identity', 'PolicyDocument'],
  ['AWS::IAM::RolePolicy', 'identity', 'PolicyDocument'],
  ['AWS::IAM::UserPolicy', 'identity', 'PolicyDocument'],
  ['AWS::IAM::GroupPolicy', 'identity', 'PolicyDocument'],
  ['AWS::IAM::Role', 'trust', 'AssumeRolePolicyDocument'],
  ['AWS::SQS::QueuePolicy', 'resource', 'PolicyDocument'],
  ['AWS::SNS::TopicPolicy', 'resource', 'PolicyDocument'],
  ['AWS::S3::BucketPolicy', 'resource', 'PolicyDocument'],
  ['AWS::KMS::Key', 'resource', 'KeyPolicy'],
  ['AWS::SecretsManager::ResourcePolicy', 'resource', 'ResourcePolicy'],
];

/** Every statement of every policy of the template, those of both sides of an `If` too. */
export function statements(template: Template): readonly Statement[] {
  return template.resources.flatMap((resource) => {
    const own = documents
      .filter(([type]) => type === resource.type)
      .flatMap(([, kind, property]) =>
        statementsIn(resource, kind, [property], resource.properties[property]),
      );
    return [...own, ...inlineStatements(resource)];
  });
}

/** The policies within a role, a user or a group. */
function inlineStatements(resource: Resource): readonly Statement[] {
  if (!/^AWS::IAM::(Role|User|Group)$/.test(resource.type)) return [];
  return listOf(resource.properties['Policies']).flatMap((policy, index) => {
    const path = ['Policies', index, 'PolicyDocument'];
    return statementsIn(resource, 'identity', path, fieldsOf(policy)['PolicyDocument']);
  });
}

function statementsIn(
  resource: Resource,
  kind: Statement['kind'],
  path: TemplatePath,
  document: unknown,
): readonly Statement[] {
  const value = fieldsOf(document)['Statement'];
  const isList = Array.isArray(value);
  return listOf(value).flatMap((entry, index) => {
    const at = [...path, 'Statement', ...(isList ? [index] : [])];
    return choicesOf(entry)
      .filter(isFields)
      .map((fields) => ({ resource, kind, path: at, fields }));
  });
}

export function allows({ fields }: Statement): boolean {
  return fields['Effect'] === 'Allow';
}

/** The texts of `Action`, `Resource` and the like. */
export function textsOf({ fields }: Statement, field: string): readonly string[] {
  return listOf(fields[field])
    .flatMap(choicesOf)
    .flatMap((each) => textOf(each) ?? []);
}

/** Those of a kind that a statement names: `AWS`, `Service`; `*` counts as both. */
export function principals({ fields }: Statement, kind: 'AWS' | 'Service'): readonly string[] {
  const { Principal } = fields;
  if (Principal === '*') return ['*'];
  return listOf(fieldsOf(Principal)[kind])
    .flatMap(choicesOf)
    .flatMap((each) => textOf(each) ?? []);
}

/** The keys that the statement's conditions look at, in lower case. */
export function conditionKeys({ fields }: Statement): readonly string[] {
  const operators = Object.values(fieldsOf(fields['Condition']));
  return operators.flatMap((operator) => Object.keys(fieldsOf(operator))).map((key) => key.toLowerCase());
}
