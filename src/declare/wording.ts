import type * as z from 'zod';

/** Texts longer than this are not repeated in messages. */
const MAX_QUOTED = 60;

/** A value for a message; undefined where it may be a secret, is too long, or is no plain text or number. */
export function quoted(value: unknown, field: string | number | undefined): string | undefined {
  if (typeof field === 'string' && /pass|secret|token|credential|endpoint/i.test(field)) return undefined;
  if (typeof value === 'string') return value.length <= MAX_QUOTED ? JSON.stringify(value) : undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** What a value is, in the words of somebody who writes YAML. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return 'an integer beyond 2^53';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a number with a fraction';
  if (typeof value === 'function') return 'a function';
  return Array.isArray(value) ? 'a list' : 'a mapping';
}

const wordsOfTypes: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  bigint: 'an integer',
  null: 'null',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** What a failed check wanted. */
export function wanted(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_type') return wordsOfTypes[issue.expected] ?? issue.expected;
  return issue.code === 'invalid_value' ? issue.values.map(String).join(', ') : undefined;
}

export function joined(words: readonly string[]): string {
  return [...new Set(words)].join(' or ');
}
