import { type Statement, statements } from '../audit/policy-statements.js';
import { readTemplate, type Template } from '../audit/template.js';
import { listOf, textOf } from '../audit/value.js';

/** One permission: who may do what to what, for reading by people. */
export interface Permission {
  /** The logical resource that gives it. */
  readonly resource: string;
  readonly effect: 'Allow' | 'Deny';
  /** Who may: of an identity policy the role itself, '' then. */
  readonly principal: string;
  readonly action: string;
  /** What on; '' in a trust policy. */
  readonly on: string;
  /** JSON of the condition; '' without one. */
  readonly condition: string;
}

export interface PermissionChanges {
  readonly added: readonly Permission[];
  readonly removed: readonly Permission[];
}

/** What an update would allow or deny that was not so before, and what would no longer be. `before`: '' where there is nothing. */
export function permissionChanges(before: string, after: string): PermissionChanges {
  const [old, new_] = [permissionsOf(before), permissionsOf(after)];
  return { added: without(new_, old), removed: without(old, new_) };
}

function without(
  permissions: ReadonlyMap<string, Permission>,
  others: ReadonlyMap<string, Permission>,
): readonly Permission[] {
  return [...permissions].filter(([key]) => !others.has(key)).map(([, permission]) => permission);
}

function permissionsOf(text: string): ReadonlyMap<string, Permission> {
  const read = text === '' ? undefined : readTemplate(text, 'template');
  if (read === undefined || !('template' in read)) return new Map();
  const { template } = read;
  const all = [...statements(template).flatMap(ofStatement), ...invokers(template)];
  return new Map(all.map((permission) => [JSON.stringify(permission), permission]));
}

function ofStatement({ resource, fields }: Statement): readonly Permission[] {
  const effect = fields['Effect'] === 'Deny' ? 'Deny' : 'Allow';
  const principals = texts(fields['Principal'] ?? fields['NotPrincipal']);
  const { Condition: condition } = fields;
  return texts(fields['Action'] ?? fields['NotAction']).flatMap((action) =>
    texts(fields['Resource'] ?? fields['NotResource']).flatMap((on) =>
      principals.map((principal) => ({
        resource: resource.name,
        effect,
        principal,
        action,
        on,
        condition: condition === undefined ? '' : JSON.stringify(condition),
      })),
    ),
  );
}

/** Who may call a function: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html */
function invokers({ resources }: Template): readonly Permission[] {
  const permissions = resources.filter(({ type }) => type === 'AWS::Lambda::Permission');
  return permissions.map(({ name, properties }) => ({
    resource: name,
    effect: 'Allow',
    principal: textOf(properties['Principal']) ?? '',
    action: textOf(properties['Action']) ?? '',
    on: textOf(properties['FunctionName']) ?? '',
    condition: [properties['SourceArn'], properties['SourceAccount']]
      .flatMap((value) => textOf(value) ?? [])
      .join(' '),
  }));
}

/** The values of a text, a list, or lists by kind, as `Principal` may be; one '' where there is nothing. */
function texts(value: unknown): readonly string[] {
  if (value === undefined) return [''];
  return listOf(value).flatMap((one) => {
    const text = textOf(one);
    if (text !== undefined) return [text];
    const parts = Object.values(one as object) as unknown[];
    return parts.flatMap(listOf).map((part) => textOf(part) ?? JSON.stringify(part));
  });
}
