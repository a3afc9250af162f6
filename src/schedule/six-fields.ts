import { Cron } from 'croner';
import { type Field, type FieldProblem, type FieldValue, fieldOrder, fields } from './cron-fields.js';
import { isAll, readField } from './read-field.js';

/** A cron expression that is right, or what stops it from being so. */
export type SixFields =
  | { readonly kind: 'right'; readonly expression: string; readonly pattern: string }
  | { readonly kind: 'wrong'; readonly problems: readonly FieldProblem[] }
  /** Each field is right, and the calendar has no such day. */
  | { readonly kind: 'never' };

/** Reads six texts, one for each field; whether day and weekday go together is not asked. */
export function readSix(parts: readonly string[]): SixFields {
  const read = fieldOrder.map((name, index) => readField(fields[name], parts[index] ?? ''));
  const problems = read.flatMap((field) => ('problems' in field ? field.problems : []));
  if (problems.length > 0) return { kind: 'wrong', problems };
  const right = read.flatMap((field) => ('problems' in field ? [] : [field]));
  const pattern = patternOf(right.map(({ value }) => value));
  if (!calendarOf(pattern).nextRun(new Date(beforeFirstYear))) return { kind: 'never' };
  return { kind: 'right', expression: right.map((field) => field.text).join(' '), pattern };
}

/**
 * croner finds the local times that a pattern names, on a calendar without zones: its own rules for the days when
 * clocks change are those of Vixie cron, not AWS's.
 */
export function calendarOf(pattern: string): Cron {
  return new Cron(pattern, { utcOffset: 0, paused: true, mode: '7-part' });
}

const beforeFirstYear = Date.UTC(fields.year.min, 0, 1) - 1000;

/** croner's pattern: it counts weekdays from 0, which is Sunday, and begins with seconds. */
function patternOf(values: readonly FieldValue[]): string {
  const texts = fieldOrder.map((name, index) => patternField(fields[name], values[index] ?? { kind: 'any' }));
  return ['0', ...texts].join(' ');
}

function patternField(field: Field, value: FieldValue): string {
  switch (value.kind) {
    case 'any':
      return '*';
    case 'last':
      return 'L';
    case 'lastWorkday':
      return 'LW';
    case 'nearestWorkday':
      return `${value.day}W`;
    case 'lastOf':
      return `${value.weekday - 1}#L`;
    case 'nth':
      return `${value.weekday - 1}#${value.n}`;
    case 'values':
      return listText(field, value);
  }
}

function listText(field: Field, value: Extract<FieldValue, { kind: 'values' }>): string {
  if (isAll(field, value)) return field.name === 'year' ? `${field.min}-${field.max}` : '*';
  const shift = field.name === 'weekday' ? 1 : 0;
  return value.values.map((each) => each - shift).join(',');
}
