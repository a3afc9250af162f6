import type { SchemaSource } from '../transform/check/schema-source.js';
import type { Reading } from './conditions.js';
import type { CheckDeclaration, CopyStep } from './declaration.js';
import type { DocumentPath } from './document-path.js';
import type { CopyOptions } from './schema/copy.js';
import { isMapping } from './unsupported.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** A schema as the document has it. Reading its file fills in `source`. */
export interface GivenSchema {
  readonly path: DocumentPath;
  /** A file's name, or the schema itself. */
  readonly given: unknown;
  readonly source: Mutable<SchemaSource>;
}

/** Stands for the whole item where columns are named. */
const WHOLE = '*';

const types: ReadonlySet<unknown> = new Set([
  ...['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'],
]);

/** What `parse` and `check` of a step ask for. */
export function readContents(
  { parse, check, extra }: Pick<CopyOptions, 'parse' | 'check' | 'extra'>,
  path: DocumentPath,
  reading: Pick<Reading, 'report' | 'schemas'>,
): Pick<CopyStep, 'parse' | 'checks' | 'extra'> {
  const checks = check === undefined ? [] : readChecks(check, parse ?? [], [...path, 'check'], reading);
  if (extra !== undefined && checks.length === 0) {
    const message = '`extra` of a step is about what its `check` does not know, and there is no check';
    const hint = 'give it a check; what the sink has no column for is `extra` under `to`';
    reading.report.add([...path, 'extra'], { code: 'conflict', message, hint });
  }
  return { ...(parse && { parse }), ...(checks.length > 0 && { checks }), ...(extra && { extra }) };
}

function readChecks(
  check: NonNullable<CopyOptions['check']>,
  parse: readonly string[],
  path: DocumentPath,
  reading: Pick<Reading, 'report' | 'schemas'>,
): readonly CheckDeclaration[] {
  if (typeof check === 'string' || isSchema(check)) {
    const [only, ...more] = parse;
    if (more.length > 0) {
      const message = 'several columns are parsed, and `check` does not say which of them it is about';
      const hint = `check: { ${only}: … }, or check: { "*": … } for the whole item`;
      reading.report.add(path, { code: 'conflict', message, hint });
    }
    return [checkOf(only, check, path, reading)];
  }
  return Object.entries(check).map(([name, given]) =>
    checkOf(name === WHOLE ? undefined : name, given, [...path, name], reading),
  );
}

/** A schema written in place says its draft or its type; any other mapping names columns. */
function isSchema(check: Readonly<Record<string, unknown>>): boolean {
  const { type, $schema: draft } = check;
  return draft !== undefined || types.has(type) || Array.isArray(type);
}

function checkOf(
  of: string | undefined,
  given: unknown,
  path: DocumentPath,
  { report, schemas }: Pick<Reading, 'report' | 'schemas'>,
): CheckDeclaration {
  const name = typeof given === 'string' ? given : 'the schema';
  const source: Mutable<SchemaSource> = { name, schema: true, files: {} };
  if (typeof given === 'string' || typeof given === 'boolean' || isMapping(given)) {
    schemas.push({ path, given, source });
  } else {
    const message = 'expected the name of a file, or a JSON Schema';
    report.add(path, { code: 'wrong_type', message, hint: 'check: { payload: ./hit.schema.json }' });
  }
  return { ...(of === undefined ? {} : { of }), schema: source };
}
