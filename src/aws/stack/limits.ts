import { SluiceError } from '../../errors.js';
import {
  MAX_INLINE_CHARS,
  MAX_MANAGED_CHARS,
  MAX_MANAGED_POLICIES,
  MAX_TRUST_CHARS,
  policyChars,
} from '../template/policy-size.js';
import { type Fields, type Resources, type TemplateResource, templateText } from '../template/template.js';
import type { Stack } from './pipeline-stacks.js';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const MAX_RESOURCES = 500;
/** The same page: of a template that CloudFormation reads from S3. */
const MAX_TEMPLATE_BYTES = 1_000_000;
/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: of a definition, once it has the functions' ARNs */
const MAX_DEFINITION_BYTES = 1_048_576;

interface Measured {
  /** Of the template. */
  readonly file: string;
  /** The resource's logical name; '' of the template as a whole. */
  readonly path: string;
  readonly is: number;
  readonly most: number;
  readonly unit: string;
  readonly hint: string;
}

/** Refuses stacks that AWS would not take. All that is too large is said at once. Throws `not_deployable`. */
export function refuseBeyondLimits(stacks: readonly Stack[]): void {
  const beyond = stacks.flatMap(measured).filter(({ is, most }) => is > most);
  if (beyond.length === 0) return;
  throw new SluiceError('not_deployable', 'AWS would not take what the stacks would be', {
    problems: beyond.map(({ file, path, is, most, unit, hint }) => ({
      file,
      code: 'not_deployable',
      path,
      message: `${is} ${unit} are more than the ${most} that AWS takes`,
      hint,
    })),
  });
}

const SPLIT = 'make several pipelines of it';

function measured({ name, template }: Stack): readonly Measured[] {
  const { Resources } = template;
  const file = `${name}.template.json`;
  const whole = { file, path: '', hint: SPLIT };
  return [
    { ...whole, is: Object.keys(Resources).length, most: MAX_RESOURCES, unit: 'resources' },
    {
      ...whole,
      is: Buffer.byteLength(templateText(template)),
      most: MAX_TEMPLATE_BYTES,
      unit: 'bytes of a template',
    },
    ...Object.entries(Resources).flatMap(([path, resource]) =>
      sizesOf(resource, Resources).map((size) => ({ file, path, ...size })),
    ),
  ];
}

type Size = Omit<Measured, 'file' | 'path'>;

function sizesOf({ Type, Properties }: TemplateResource, all: Resources): readonly Size[] {
  switch (Type) {
    case 'AWS::IAM::Role':
      return roleSizes(Properties);
    case 'AWS::IAM::ManagedPolicy': {
      const is = policyChars(Properties['PolicyDocument']);
      return [{ is, most: MAX_MANAGED_CHARS, unit: 'characters of a policy', hint: FEWER }];
    }
    case 'AWS::StepFunctions::StateMachine': {
      const is = definitionBytes(Properties, all);
      return [{ is, most: MAX_DEFINITION_BYTES, unit: 'bytes of a state machine', hint: SPLIT }];
    }
    default:
      return [];
  }
}

const FEWER = 'name fewer tables in a step, or make several steps of it: each has a role of its own';

function roleSizes(role: Fields): readonly Size[] {
  const policies = (role['Policies'] ?? []) as readonly { readonly PolicyDocument: unknown }[];
  const inline = policies.reduce((sum, { PolicyDocument }) => sum + policyChars(PolicyDocument), 0);
  const managed = (role['ManagedPolicyArns'] ?? []) as readonly unknown[];
  return [
    { is: inline, most: MAX_INLINE_CHARS, unit: "characters of a role's own policies", hint: FEWER },
    { is: managed.length, most: MAX_MANAGED_POLICIES, unit: 'policies of a role', hint: FEWER },
    {
      is: policyChars(role['AssumeRolePolicyDocument']),
      most: MAX_TRUST_CHARS,
      unit: 'characters of who may assume a role',
      hint: 'give the connections of some steps another role of that account, or make several pipelines of it',
    },
  ];
}

/** With the ARNs in it that stand there once it is deployed. */
function definitionBytes(machine: Fields, all: Resources): number {
  const definition = String(machine['DefinitionString']);
  const substituted = Object.entries((machine['DefinitionSubstitutions'] ?? {}) as Fields);
  return substituted.reduce((bytes, [placeholder, value]) => {
    const [logical = ''] = (value as { readonly 'Fn::GetAtt'?: readonly string[] })['Fn::GetAtt'] ?? [];
    const name = String(all[logical]?.Properties['FunctionName'] ?? '');
    const times = definition.split(`\${${placeholder}}`).length - 1;
    return bytes + times * (ARN_CHARS + name.length - placeholder.length - PLACEHOLDER_CHARS);
  }, Buffer.byteLength(definition));
}

/** `arn:aws-us-gov:lambda:ap-northeast-1:111122223333:function:`, the longest that there is. */
const ARN_CHARS = 60;
/** `${` and `}`. */
const PLACEHOLDER_CHARS = 3;
