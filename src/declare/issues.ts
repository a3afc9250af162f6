import type * as z from 'zod';
import type { Options } from '../connectors/option-rules.js';
import { type DocumentPath, formatPath, valueAt } from './document-path.js';
import type { Mistake, Report } from './report.js';
import { descriptionAt, fieldsAt } from './schema/fields.js';
import { didYouMean, nearest } from './suggestion.js';
import { joined, kindOf, quoted, wanted } from './wording.js';

type Issue = z.core.$ZodIssue;

type Located = readonly [path: DocumentPath, mistake: Mistake];

/** What passed the schema; undefined when the report has been told of mistakes. */
export function checked<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: DocumentPath,
  report: Report,
): T | undefined {
  // A schema looks at one or two values: to compile it for them takes longer.
  const result = schema.safeParse(value, { jitless: true });
  if (result.success) return result.data;
  const found = result.error.issues.flatMap((issue) => mistakesOf(issue, schema, value));
  const meant = new Set(
    found.map(([at, { meant: field }]) => field && formatPath([...at.slice(0, -1), field])),
  );
  for (const [at, mistake] of found) {
    const isMisspelled = mistake.code === 'missing_field' && meant.has(formatPath(at));
    if (!isMisspelled) report.add([...path, ...at], mistake);
  }
  return undefined;
}

/** The options with their misspelled fields under the names that were meant, for rules between fields. */
export function asMeant(schema: z.ZodType, options: Options): Options {
  const fields = fieldsAt(schema, []);
  const free = fields.filter((field) => options[field] === undefined);
  const unknown = Object.entries(options).filter(([field]) => !fields.includes(field));
  return {
    ...options,
    ...Object.fromEntries(unknown.map(([field, value]) => [nearest(field, free) ?? field, value])),
  };
}

function mistakesOf(issue: Issue, schema: z.ZodType, root: unknown): Located[] {
  const path = issue.path as DocumentPath;
  const value = valueAt(root, path);
  if (issue.code === 'unrecognized_keys') return unknownFields(issue.keys, path, schema, value);
  if (issue.code === 'invalid_union') return unionMistakes(issue, schema, root);
  if (issue.code === 'invalid_key') return [[path, wrongKey(issue, path.at(-1))]];
  if (value === undefined && issue.code !== 'custom') {
    return [[path, missing(path.at(-1), descriptionAt(schema, path))]];
  }
  const isField = fieldsAt(schema, path.slice(0, -1)).includes(String(path.at(-1)));
  return [[path, mistakeOf(issue, value, isField ? String(path.at(-1)) : 'value')]];
}

function missing(field: string | number | undefined, hint: string | undefined): Mistake {
  return { code: 'missing_field', message: `\`${field}\` is missing`, hint };
}

function wrongKey(issue: z.core.$ZodIssueInvalidKey, key: string | number | undefined): Mistake {
  return {
    code: 'wrong_value',
    ...described(issue.issues[0]?.message ?? issue.message, key, key),
    at: 'key',
  };
}

function unknownFields(
  keys: readonly string[],
  path: DocumentPath,
  schema: z.ZodType,
  value: unknown,
): Located[] {
  const fields = fieldsAt(schema, path);
  const given = Object.keys(Object(value));
  const free = fields.filter((field) => !given.includes(field));
  const hint = `fields here: ${fields.join(', ')}`;
  return keys.map((key) => {
    const message = `unknown field "${key}"${didYouMean(key, free)}`;
    return [[...path, key], { code: 'unknown_field', message, hint, at: 'key', meant: nearest(key, free) }];
  });
}

/** The choice that was probably meant speaks; if none was, the union says what it takes. */
function unionMistakes(issue: z.core.$ZodIssueInvalidUnion, schema: z.ZodType, root: unknown): Located[] {
  const path = issue.path as DocumentPath;
  const value = valueAt(root, path);
  const choices = 'errors' in issue ? issue.errors : [];
  const meant = choices.filter((issues) => !issues.some((each) => isOtherType(each, value)));
  const [only] = meant;
  const isSpoken = issue.message !== 'Invalid input';
  const isDeep = only?.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys');
  if (only && meant.length === 1 && (isDeep || !isSpoken)) {
    return only.flatMap((inner) => mistakesOf({ ...inner, path: [...path, ...inner.path] }, schema, root));
  }
  if (value === undefined) return [[path, missing(path.at(-1), descriptionAt(schema, path))]];
  if (isSpoken) {
    return [
      [
        path,
        { code: only ? 'wrong_value' : 'wrong_type', ...described(issue.message, undefined, undefined) },
      ],
    ];
  }
  const words = choices.flatMap((issues) => issues.flatMap((each) => wanted(each) ?? []));
  return [[path, { code: 'wrong_type', message: `expected ${joined(words)}, not ${kindOf(value)}` }]];
}

/** Whether the value is not even of the type that the choice takes. */
function isOtherType(issue: Issue, value: unknown): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_value') return !issue.values.some((each) => typeof each === typeof value);
  return issue.code === 'invalid_type';
}

function mistakeOf(issue: Issue, value: unknown, field: string): Mistake {
  if (field === 'password') return literalPassword;
  if (field === 'maskKey') return literalMaskKey;
  if (issue.code === 'invalid_type') return wrongType(issue, value);
  if (issue.code === 'invalid_value') return wrongValue(issue, value, field);
  if (issue.code === 'too_small') return { code: 'wrong_value', message: tooSmall(issue) };
  if (issue.code === 'too_big') return { code: 'wrong_value', message: tooBig(issue) };
  const insecure = issue.code === 'custom' && / refused /.test(issue.message);
  return { code: insecure ? 'insecure' : 'wrong_value', ...described(issue.message, value, field) };
}

const literalPassword: Mistake = {
  code: 'insecure',
  message: 'a literal password is refused',
  hint: 'write password: { env: NAME } and set the variable, or keep user and password in a `secret`',
};

const literalMaskKey: Mistake = {
  code: 'insecure',
  message: 'a literal mask key is refused',
  hint: 'write maskKey: { env: NAME } and set the variable',
};

function wrongType(issue: z.core.$ZodIssueInvalidType, value: unknown): Mistake {
  const message = `expected ${wanted(issue)}, not ${kindOf(value)}`;
  const isPlain = ['number', 'boolean', 'bigint'].includes(typeof value);
  const hint = issue.expected === 'string' && isPlain ? 'put it between quotes' : undefined;
  return { code: 'wrong_type', message, hint };
}

function wrongValue(issue: z.core.$ZodIssueInvalidValue, value: unknown, field: string): Mistake {
  const names = issue.values.map(String);
  const hint = `one of: ${[...new Set(names)].join(', ')}`;
  if (typeof value !== 'string')
    return { code: 'wrong_type', message: `${field} cannot be ${kindOf(value)}`, hint };
  const message = `unknown ${field} ${quoted(value, field) ?? ''}${didYouMean(value, names)}`;
  return { code: 'wrong_value', message: message.trimEnd(), hint };
}

function tooSmall({ origin, minimum, inclusive }: z.core.$ZodIssueTooSmall): string {
  if (origin === 'string') return 'the text is empty';
  if (origin === 'array') return 'the list is empty';
  return inclusive === false ? `must be more than ${minimum}` : `must be at least ${minimum}`;
}

function tooBig({ origin, maximum }: z.core.$ZodIssueTooBig): string {
  if (origin === 'string') return `longer than ${maximum} characters`;
  return origin === 'array' ? `more than ${maximum} entries` : `must be at most ${maximum}`;
}

/** Messages of schemas are `what is wrong: what would be right`. Those that begin with "not" speak of the value. */
function described(
  text: string,
  value: unknown,
  field: PropertyKey | undefined,
): { message: string; hint?: string } {
  const [what = text, ...rest] = text.split(': ');
  const spoken = what.startsWith('not ') ? quoted(value, field as string | number) : undefined;
  const message = spoken === undefined ? what : `${spoken} is ${what}`;
  return rest.length > 0 ? { message, hint: rest.join(': ') } : { message };
}
