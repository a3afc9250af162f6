import { type Alias, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { type Fields, fieldsOf, isFields, textOf } from './value.js';

/** The way to a value: names and places in lists. */
export type TemplatePath = readonly (string | number)[];

export interface TemplatePlace {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface Resource {
  /** Its logical name. */
  readonly name: string;
  /** `AWS::SQS::Queue`. */
  readonly type: string;
  readonly properties: Fields;
  readonly metadata: Fields;
}

/** A CloudFormation template; what is known only when it is deployed stays a function. */
export interface Template {
  readonly file: string;
  readonly parameters: Readonly<Record<string, Fields>>;
  /** In the order of the document. */
  readonly resources: readonly Resource[];
  readonly metadata: Fields;
  readonly whole: unknown;
  /** Of the value, or of the nearest thing around it that is there. */
  place(path: TemplatePath): TemplatePlace;
  resource(name: string): Resource | undefined;
  /** A number, also of a parameter's default; `absent` where there is no value; undefined where it is known only later. */
  number(value: unknown, absent: number): number | undefined;
}

export type ReadTemplate =
  | { readonly template: Template }
  | { readonly mistake: string; readonly place: TemplatePlace };

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: 1 MB by S3 */
const MAX_BYTES = 1_048_576;
const MAX_ALIASES = 100;
const MAX_DEPTH = 64;

/** Reads JSON or YAML with the short forms of functions (`!Ref`, `!Sub`, …). */
export function readTemplate(text: string, file: string): ReadTemplate {
  const start = { line: 1, column: 1 };
  if (Buffer.byteLength(text) > MAX_BYTES) return { mistake: 'larger than 1 MiB', place: start };
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'core', lineCounter: lines });
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const [error] = document.errors;
  if (error) return { mistake: `not YAML or JSON (${error.code})`, place: placeAt(error.pos[0]) };
  const offsets = new Map<string, number>();
  const reader: Reader = { offsets, aliases: 0, resolve: (alias) => alias.resolve(document) };
  const whole = document.contents === null ? undefined : convert(document.contents, [], reader);
  if (!isFields(whole) || !isFields(whole['Resources'])) {
    return { mistake: 'not a CloudFormation template: it has no Resources', place: start };
  }
  return { template: templateOf(whole, file, (path) => placeAt(offsetOf(offsets, path))) };
}

function templateOf(whole: Fields, file: string, place: Template['place']): Template {
  const resources = Object.entries(fieldsOf(whole['Resources'])).flatMap(([name, value]): Resource[] => {
    const { Type: type, Properties: properties, Metadata: metadata } = fieldsOf(value);
    if (typeof type !== 'string') return [];
    return [{ name, type, properties: fieldsOf(properties), metadata: fieldsOf(metadata) }];
  });
  const byName = new Map(resources.map((resource) => [resource.name, resource]));
  const parameters = Object.fromEntries(
    Object.entries(fieldsOf(whole['Parameters'])).map(([name, value]) => [name, fieldsOf(value)]),
  );
  return {
    file,
    parameters,
    resources,
    metadata: fieldsOf(whole['Metadata']),
    whole,
    place,
    resource: (name) => byName.get(name),
    number: (value, absent) => {
      if (value === undefined) return absent;
      const text = textOf(value) ?? '';
      const parameter = parameters[/^\$\{([^}]+)\}$/.exec(text)?.[1] ?? ''];
      const number = Number(parameter ? (parameter['Default'] ?? Number.NaN) : text || Number.NaN);
      return Number.isFinite(number) ? number : undefined;
    },
  };
}

interface Reader {
  readonly offsets: Map<string, number>;
  aliases: number;
  resolve(alias: Alias): unknown;
}

function offsetOf(offsets: ReadonlyMap<string, number>, path: TemplatePath): number {
  for (let length = path.length; length >= 0; length--) {
    const offset = offsets.get(JSON.stringify(path.slice(0, length)));
    if (offset !== undefined) return offset;
  }
  return 0;
}

function convert(node: unknown, path: TemplatePath, reader: Reader): unknown {
  if (path.length > MAX_DEPTH) return undefined;
  const key = JSON.stringify(path);
  const { range, tag } = node as { readonly range?: readonly number[]; readonly tag?: string };
  if (!reader.offsets.has(key)) reader.offsets.set(key, range?.[0] ?? 0);
  return inLongForm(tag, plain(node, path, reader));
}

function plain(node: unknown, path: TemplatePath, reader: Reader): unknown {
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item, index) => convert(item, [...path, index], reader));
  if (isAlias(node)) {
    reader.aliases++;
    return reader.aliases > MAX_ALIASES ? undefined : convert(reader.resolve(node), path, reader);
  }
  if (!isMap(node)) return undefined;
  const entries = node.items.map(({ key, value }) => {
    const name = String(isScalar(key) ? key.value : key);
    const below = [...path, name];
    const start = (key as { readonly range?: readonly number[] }).range?.[0];
    if (start !== undefined) reader.offsets.set(JSON.stringify(below), start);
    return [name, value === null ? null : convert(value, below, reader)] as const;
  });
  return Object.fromEntries(entries);
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html */
function inLongForm(tag: string | undefined, value: unknown): unknown {
  if (tag === undefined || !/^![A-Z]/.test(tag)) return value;
  const name = tag.slice(1);
  if (name === 'Ref' || name === 'Condition') return { [name]: value };
  if (name !== 'GetAtt' || typeof value !== 'string') return { [`Fn::${name}`]: value };
  const dot = value.indexOf('.');
  return { 'Fn::GetAtt': dot < 0 ? [value] : [value.slice(0, dot), value.slice(dot + 1)] };
}
