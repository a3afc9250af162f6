/**
 * The six fields of a cron expression as EventBridge Scheduler has it, and what each may hold.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 */
export type FieldName = 'minute' | 'hour' | 'day' | 'month' | 'weekday' | 'year';

export interface Field {
  readonly name: FieldName;
  readonly min: number;
  readonly max: number;
  /** Words for the numbers from `min` on. */
  readonly words: readonly string[];
  /** What it takes, in one sentence part. */
  readonly takes: string;
  /** An expression that shows it. */
  readonly example: string;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** In the order of AWS's numbers: 1 is Sunday. */
export const weekdays: readonly string[] = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export const fields: Readonly<Record<FieldName, Field>> = {
  minute: {
    name: 'minute',
    min: 0,
    max: 59,
    words: [],
    takes: 'minutes are 0 to 59',
    example: '30 6 * * ? *',
  },
  hour: {
    name: 'hour',
    min: 0,
    max: 23,
    words: [],
    takes: 'hours are 0 to 23; midnight is 0',
    example: '0 6 * * ? *',
  },
  day: {
    name: 'day',
    min: 1,
    max: 31,
    words: [],
    takes: 'days are 1 to 31; L is the last one of a month',
    example: '0 6 15 * ? *',
  },
  month: {
    name: 'month',
    min: 1,
    max: 12,
    words: months,
    takes: 'months are 1 to 12 or JAN to DEC',
    example: '0 6 1 JAN,JUL ? *',
  },
  weekday: {
    name: 'weekday',
    min: 1,
    max: 7,
    words: weekdays,
    takes: 'weekdays are 1 to 7 or SUN to SAT; 1 is Sunday',
    example: '0 6 ? * MON-FRI *',
  },
  year: {
    name: 'year',
    min: 1970,
    max: 2199,
    words: [],
    takes: 'years are 1970 to 2199',
    example: '0 6 * * ? 2027',
  },
};

export const fieldOrder: readonly FieldName[] = ['minute', 'hour', 'day', 'month', 'weekday', 'year'];

/** What a field says, once it is right. */
export type FieldValue =
  | { readonly kind: 'any' }
  | { readonly kind: 'values'; readonly values: readonly number[] }
  /** L in day. */
  | { readonly kind: 'last' }
  /** LW: the last day from Monday to Friday of a month. */
  | { readonly kind: 'lastWorkday' }
  /** 15W: the day from Monday to Friday nearest to the 15th, in the same month. */
  | { readonly kind: 'nearestWorkday'; readonly day: number }
  /** 6L: the last Friday of a month. */
  | { readonly kind: 'lastOf'; readonly weekday: number }
  /** 6#3: the third Friday of a month. */
  | { readonly kind: 'nth'; readonly weekday: number; readonly n: number };

export interface FieldProblem {
  readonly field: FieldName;
  /** What is wrong. */
  readonly what: string;
  /** What is right in general. */
  readonly rule: string;
  /** What the field should hold instead, where that can be guessed. */
  readonly fix?: string;
  /** An expression that shows the rule; the field's own where there is none. */
  readonly example?: string;
}

/** The value of a field, and its text as AWS takes it; or all that is wrong with it. */
export type ReadField =
  | { readonly value: FieldValue; readonly text: string }
  | { readonly problems: readonly FieldProblem[] };

/** Every value of the field. */
export function allOf({ min, max }: Field): readonly number[] {
  return range(min, max, 1);
}

export function range(from: number, to: number, step: number): readonly number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

/** The number that a number or a word stands for; undefined for anything else, and outside the field's bounds. */
export function numberOf({ min, max, words }: Field, text: string): number | undefined {
  const word = words.indexOf(text.toUpperCase());
  if (word >= 0) return min + word;
  if (!/^\d{1,4}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}
