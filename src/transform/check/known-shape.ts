import type { SchemaSource } from './schema-source.js';

type Node = Readonly<Record<string, unknown>>;

/** Nodes that one place of a schema can lead to: more are taken for a schema that knows everything. */
const MAX_NODES = 1000;

/** Keywords whose schemas are about the same value. */
const about = ['if', 'then', 'else'] as const;
const listsAbout = ['allOf', 'anyOf', 'oneOf'] as const;

/**
 * What a schema knows of a value: the names of an object's members, whichever branch of the schema names them. An object
 * of which it names none, or allows others expressly (`additionalProperties`), may have any.
 */
export class KnownShape {
  readonly #source: SchemaSource;
  readonly #nodes: readonly Node[];
  readonly #isOpen: boolean;
  readonly #members = new Map<string, KnownShape | undefined>();
  #elements: KnownShape | undefined;

  private constructor(source: SchemaSource, schemas: readonly unknown[]) {
    this.#source = source;
    const found = new Set<Node>();
    const isWhole = schemas.every((schema) => gather(schema, source, found));
    this.#nodes = [...found];
    this.#isOpen = !isWhole || !this.#nodes.some(namesMembers) || this.#nodes.some(allowsOthers);
  }

  static of(source: SchemaSource): KnownShape {
    return new KnownShape(source, [source.schema]);
  }

  /** Undefined for a name that is not known. */
  member(name: string): KnownShape | undefined {
    if (this.#members.has(name)) return this.#members.get(name);
    const schemas = this.#nodes.flatMap((node) => memberSchemas(node, name));
    const isKnown = schemas.length > 0 || this.#isOpen;
    const shape = isKnown ? new KnownShape(this.#source, schemas) : undefined;
    // Names that a schema does not hold come from rows, and are endless.
    if (schemas.length > 0) this.#members.set(name, shape);
    return shape;
  }

  element(): KnownShape {
    this.#elements ??= new KnownShape(this.#source, this.#nodes.flatMap(elementSchemas));
    return this.#elements;
  }

  /** The types that the schema allows; undefined where it says nothing of them. */
  get types(): ReadonlySet<string> | undefined {
    const said = this.#nodes.flatMap(({ type }) =>
      Array.isArray(type) ? type : type === undefined ? [] : [type],
    );
    return said.length === 0 ? undefined : new Set(said.map(String));
  }
}

/** Paths of what a plain value holds and the shape does not know; what is below such a path is not looked at. */
export function strayPaths(
  value: unknown,
  shape: KnownShape,
  path: readonly string[] = [],
): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) {
    return value.flatMap((element, index) => strayPaths(element, shape.element(), [...path, String(index)]));
  }
  const found: (readonly string[])[] = [];
  for (const [name, part] of Object.entries(value)) {
    const member = shape.member(name);
    if (!member) found.push([...path, name]);
    else if (typeof part === 'object' && part !== null)
      found.push(...strayPaths(part, member, [...path, name]));
  }
  return found;
}

function namesMembers({ properties, patternProperties }: Node): boolean {
  return isNode(properties) || isNode(patternProperties);
}

function allowsOthers({ additionalProperties, unevaluatedProperties }: Node): boolean {
  const others = additionalProperties ?? unevaluatedProperties;
  return others === true || isNode(others);
}

function memberSchemas({ properties, patternProperties }: Node, name: string): readonly unknown[] {
  const own = isNode(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [];
  const byPattern = Object.entries(isNode(patternProperties) ? patternProperties : {})
    .filter(([pattern]) => new RegExp(pattern, 'u').test(name))
    .map(([, schema]) => schema);
  return [...own, ...byPattern];
}

function elementSchemas({ items, prefixItems, additionalItems, contains }: Node): readonly unknown[] {
  return [items, prefixItems, additionalItems, contains].flat().filter((schema) => schema !== undefined);
}

/** Adds the schema and all about the same value; false where it cannot be told what they are. */
function gather(schema: unknown, source: SchemaSource, found: Set<Node>): boolean {
  if (!isNode(schema) || found.has(schema)) return true;
  if (found.size >= MAX_NODES) return false;
  found.add(schema);
  const inner: unknown[] = [
    ...about.map((keyword) => schema[keyword]),
    ...listsAbout.flatMap((keyword) => schema[keyword]),
    ...Object.values(isNode(schema['dependentSchemas']) ? schema['dependentSchemas'] : {}),
  ];
  if (schema['$dynamicRef'] !== undefined || schema['$recursiveRef'] !== undefined) return false;
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const meant = resolved(reference, source);
    if (meant === undefined) return false;
    inner.push(meant);
  }
  return inner.every((each) => gather(each, source, found));
}

/** What `#/$defs/place` and `place.json#/$defs/place` mean; undefined for references of other kinds. */
function resolved(reference: string, { schema, files }: SchemaSource): unknown {
  const [file = '', pointer = ''] = reference.split('#');
  if (pointer !== '' && !pointer.startsWith('/')) return undefined;
  // Within a file, `#` means that file: which one is not known here.
  if (file === '' && Object.keys(files).length > 0) return undefined;
  let value: unknown = file === '' ? schema : files[file.replace(/^\.\//, '')];
  for (const step of pointer.split('/').slice(1)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    value = typeof value === 'object' && value !== null ? (value as Node)[name] : undefined;
  }
  return value;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
