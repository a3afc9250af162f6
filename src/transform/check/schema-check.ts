import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv';
import { visibleText } from '../../values/visible-text.js';
import { Refusal } from '../refusal.js';
import { draftNames, type MakeValidator, validatorsFor } from './drafts.js';
import { RowNumbers } from './exact-number.js';
import { KnownShape } from './known-shape.js';
import { useExactLimits, useExactMultiples } from './number-keywords.js';
import { SchemaFault, SchemaFileMissing, type SchemaSource } from './schema-source.js';

/** Names under which a schema without `$id` and the files beside it are known. */
const BESIDE = 'file:///';
const ROOT = 'schema';

/** A path in an item is cut here. */
const MAX_PATH = 200;

const inherited =
  /constructor|toString|toLocaleString|valueOf|hasOwnProperty|isPrototypeOf|propertyIsEnumerable|__/;

/** A schema, compiled once, for values as `plainCell` gives them with the numbers of this check. */
export class SchemaCheck {
  readonly numbers = new RowNumbers();
  /** What the schema knows of what it is about. */
  readonly shape: KnownShape;
  readonly #source: SchemaSource;
  readonly #make: MakeValidator;
  readonly #plainly: ValidateFunction;
  #exactly: ValidateFunction | undefined;

  private constructor(source: SchemaSource, make: MakeValidator) {
    this.#source = source;
    this.#make = make;
    this.#plainly = this.#compiled(false);
    this.shape = KnownShape.of(source);
  }

  /** @throws SchemaFault, SchemaFileMissing */
  static async of(source: SchemaSource): Promise<SchemaCheck> {
    const named = isObject(source.schema) ? source.schema['$schema'] : undefined;
    const make = await validatorsFor(named);
    if (make) return new SchemaCheck(source, make);
    throw new SchemaFault('`$schema` names no draft that is known', {
      pointer: '/$schema',
      hint: `one of: ${draftNames.join(', ')}; without it the last one`,
    });
  }

  /** Why the value is not as the schema says; undefined where it is. `path`: what the value is in its row. */
  refusalOf(value: unknown, path: readonly string[]): Refusal | undefined {
    const validate = this.numbers.isStandingIn ? this.#exact() : this.#plainly;
    if (validate(value)) return undefined;
    return refusalOf(validate.errors ?? [], path);
  }

  /** Numbers that no double holds are rare: what compares them is made when the first one comes. */
  #exact(): ValidateFunction {
    this.#exactly ??= this.#compiled(true);
    return this.#exactly;
  }

  #compiled(exact: boolean): ValidateFunction {
    const { schema, files } = this.#source;
    if (!isObject(schema) && typeof schema !== 'boolean')
      throw new SchemaFault('a schema is a mapping, or true or false');
    const validator = this.#make({
      ...strict,
      ownProperties: inherited.test(JSON.stringify([schema, files])),
    });
    useExactMultiples(validator, this.numbers);
    if (exact) useExactLimits(validator, this.numbers);
    return compileWith(validator, schema, files);
  }
}

/** Unknown keywords and formats are mistakes; nothing is printed, filled in or taken away. */
const strict: Options = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  validateFormats: true,
  allErrors: false,
  logger: false,
  unicodeRegExp: true,
};

function compileWith(
  validator: Ajv,
  schema: SchemaSource['schema'],
  files: SchemaSource['files'],
): ValidateFunction {
  checkForm(validator, schema, undefined);
  const folder = folderOf(schema);
  for (const [file, content] of Object.entries(files)) {
    checkForm(validator, content, file);
    validator.addSchema(content as object, folder + file);
  }
  try {
    validator.addSchema(schema as object, BESIDE + ROOT);
    const validate = validator.getSchema(BESIDE + ROOT);
    if (!validate || '$async' in validate) throw new SchemaFault('a schema with `$async` is not taken');
    return validate as ValidateFunction;
  } catch (error) {
    if (error instanceof SchemaFault || !(error instanceof Error)) throw error;
    throw faultOf(error, schema);
  }
}

/** Against the schema of its draft, which knows the places of mistakes. */
function checkForm(validator: Ajv, schema: unknown, file: string | undefined): void {
  const about = file === undefined ? {} : { file };
  try {
    if (validator.validateSchema(schema as object) === true) return;
  } catch (error) {
    const message = error instanceof Error ? error.message : 'it is not a schema';
    throw new SchemaFault(message, about);
  }
  const [first] = validator.errors ?? [];
  const message = first?.message ?? 'it is not a schema';
  throw new SchemaFault(message, { ...about, pointer: first?.instancePath ?? '' });
}

function faultOf(error: Error, schema: unknown): Error {
  if ('missingRef' in error && 'missingSchema' in error) {
    return unresolved(String(error.missingRef), String(error.missingSchema), schema);
  }
  const keyword = /^strict mode: unknown keyword: "(.*)"$/.exec(error.message)?.[1];
  const pointer =
    keyword === undefined
      ? undefined
      : placeOf(schema, (value) => isObject(value) && Object.hasOwn(value, keyword));
  return new SchemaFault(error.message.replace(/^strict mode: /, ''), {
    ...(pointer === undefined ? {} : { pointer: `${pointer}/${keyword}` }),
    hint: 'only the keywords and formats of the draft that `$schema` names are known',
  });
}

function unresolved(reference: string, uri: string, schema: unknown): Error {
  const file = fileBeside(uri, schema);
  if (file !== undefined) return new SchemaFileMissing(file);
  const pointer = placeOf(schema, (value) => {
    const written = isObject(value) ? (value['$ref'] ?? value['$dynamicRef'] ?? value['$recursiveRef']) : '';
    return typeof written === 'string' && written !== '' && reference.endsWith(written);
  });
  const named = reference.replace(BESIDE + ROOT, '').replace(BESIDE, '');
  return new SchemaFault(`nothing is there for the reference ${named}`, {
    pointer: pointer ?? '',
    hint: 'a reference goes into the schema itself, or to a file beside it; nothing is fetched from elsewhere',
  });
}

/** What references of the schema begin with that go to files beside it: its `$id` says where it lies. */
function folderOf(schema: unknown): string {
  const id = isObject(schema) ? (schema['$id'] ?? schema['id']) : undefined;
  return typeof id === 'string' ? id.replace(/[^/]*$/, '') : BESIDE;
}

/** The file that a resolved reference means: in the folder of the schema, or below. */
function fileBeside(uri: string, schema: unknown): string | undefined {
  const folder = folderOf(schema);
  if (!uri.startsWith(folder)) return undefined;
  const file = uri.slice(folder.length);
  const isOutside = file === '' || file === ROOT || /^[/\\]|\.\.|:/.test(file);
  return isOutside ? undefined : file;
}

/** JSON Pointer to the first value of which it is true. */
function placeOf(schema: unknown, is: (value: unknown) => boolean, pointer = ''): string | undefined {
  if (is(schema)) return pointer;
  if (typeof schema !== 'object' || schema === null) return undefined;
  for (const [name, value] of Object.entries(schema)) {
    const step = name.replaceAll('~', '~0').replaceAll('/', '~1');
    const found = placeOf(value, is, `${pointer}/${step}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The last error is that of the outermost keyword, but `if` says nothing. */
function refusalOf(errors: readonly ErrorObject[], path: readonly string[]): Refusal {
  const last = errors.at(-1);
  const error = last?.keyword === 'if' ? (errors.at(-2) ?? last) : last;
  const extra = error?.params['additionalProperty'] ?? error?.params['unevaluatedProperty'];
  const inside = (error?.instancePath ?? '').split('/').slice(1).map(unescaped);
  const steps = typeof extra === 'string' ? [...inside, extra] : inside;
  const place = [...path, ...steps].map(visibleText).join('.').slice(0, MAX_PATH);
  const what = typeof extra === 'string' ? 'is not known' : (error?.message ?? 'is not as the schema says');
  const message = `${place === '' ? 'the item' : place} ${visibleText(what)} (${error?.keyword ?? 'schema'})`;
  return new Refusal('check_failed', message, path[0] ?? steps[0]);
}

function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
