/**
 * A CloudFormation template as plain data.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
 */
export interface Template {
  readonly AWSTemplateFormatVersion: '2010-09-09';
  readonly Description: string;
  readonly Resources: Resources;
  readonly Outputs?: Outputs;
}

/** By their logical names: letters and digits. */
export type Resources = Readonly<Record<string, TemplateResource>>;

export interface TemplateResource {
  readonly Type: string;
  /** Reasons of what looks wrong and is not: `metadataOf`. */
  readonly Metadata?: Fields;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: 'Delete' | 'Retain' | 'RetainExceptOnCreate';
  readonly UpdateReplacePolicy?: 'Delete' | 'Retain';
  readonly Properties: Fields;
}

export type Outputs = Readonly<Record<string, { readonly Description: string; readonly Value: unknown }>>;

export type Fields = Readonly<Record<string, unknown>>;

/** Puts parts together, sorted by name, so that the order in which they were made changes nothing. Two of one name are a bug. */
export function templateOf(
  description: string,
  parts: readonly Resources[],
  outputs: Outputs = {},
): Template {
  const all = parts.flatMap((part) => Object.entries(part));
  const names = new Set(all.map(([name]) => name));
  if (names.size < all.length) throw new Error('two resources of one name');
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: description,
    Resources: Object.fromEntries(all.sort(([one], [other]) => (one < other ? -1 : 1))),
    ...(Object.keys(outputs).length === 0 ? {} : { Outputs: outputs }),
  };
}

/** The same bytes for the same template. */
export function templateText(template: Template): string {
  return `${JSON.stringify(template, undefined, 1)}\n`;
}

export function ref(name: string): Fields {
  return { Ref: name };
}

export function arnOf(name: string): Fields {
  return { 'Fn::GetAtt': [name, 'Arn'] };
}

/** Fields that are there, without those that are undefined. */
export function given(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
