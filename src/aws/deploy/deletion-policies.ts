import { isFields } from '../audit/value.js';

/** What becomes of what a stack holds data in when the stack is deleted. */
export type Fate = 'goes' | 'stays';

export interface Holding {
  /** Logical. */
  readonly resource: string;
  readonly type: string;
  readonly physicalId: string;
}

/** Resources that hold data and can be kept without their stack. */
const holdingTypes = new Set(['AWS::DynamoDB::Table', 'AWS::S3::Bucket']);

export function isHolding({ type }: { readonly type: string }): boolean {
  return holdingTypes.has(type);
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The template with the fates that the resources are to have when the stack is deleted; undefined where it says so already.
 * CloudFormation does not take a change of policies alone: metadata change with them.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
 */
export function withFates(template: string, fates: ReadonlyMap<string, Fate>): string | undefined {
  const whole = JSON.parse(template) as { readonly Resources: Readonly<Record<string, Fields>> };
  const entries = Object.entries(whole.Resources).map(([name, resource]) => {
    const fate = fates.get(name);
    return [name, fate === undefined || hasFate(resource, fate) ? resource : given(resource, fate)] as const;
  });
  if (entries.every(([name, resource]) => resource === whole.Resources[name])) return undefined;
  return JSON.stringify({ ...whole, Resources: Object.fromEntries(entries) });
}

function hasFate({ DeletionPolicy: policy = 'Delete', Properties: properties }: Fields, fate: Fate): boolean {
  if (fate === 'stays') return /^Retain/.test(String(policy));
  const isProtected = isFields(properties) && properties['DeletionProtectionEnabled'] === true;
  return policy === 'Delete' && !isProtected;
}

function given(resource: Fields, fate: Fate): Fields {
  const { Metadata: metadata, Properties: properties } = resource;
  const isProtected = isFields(properties) && properties['DeletionProtectionEnabled'] === true;
  return {
    ...resource,
    ...(fate === 'goes' && isProtected
      ? { Properties: { ...properties, DeletionProtectionEnabled: false } }
      : {}),
    Metadata: { ...(isFields(metadata) ? metadata : {}), SluiceDestroy: fate },
    DeletionPolicy: fate === 'goes' ? 'Delete' : 'RetainExceptOnCreate',
  };
}
