import { type FieldProblem, fieldOrder, fields } from './cron-fields.js';
import { namesWeekdays } from './read-special.js';
import type { CronSchedule, Parsed, ScheduleProblem } from './schedule.js';
import { readSix } from './six-fields.js';
import { fromUnix, isUnix } from './unix-cron.js';

/** Longer texts are no cron expressions. */
const MAX_LENGTH = 256;

/**
 * Reads a cron expression as EventBridge Scheduler has it: six fields, or five where the year is left out. Five fields
 * without a `?` are read as unix cron has them, with a note that says how AWS writes it. A problem's hint ends
 * with an expression that is right, where one can be guessed.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 */
export function parseCron(text: string, zone: string): Parsed<CronSchedule> {
  if (text.length > MAX_LENGTH) {
    return refused([{ what: `the expression is longer than ${MAX_LENGTH} characters`, rule: sixFields }]);
  }
  const parts = text.split(/\s+/).filter((part) => part !== '');
  if (isUnix(parts)) return parseUnix(parts, zone);
  const six = parts.length === 5 ? [...parts, '*'] : parts;
  const dialect = complaintOfShape(six);
  return dialect ? refused([dialect]) : parseSix(six, zone);
}

const sixFields = 'there are six fields: minute hour day month weekday year';

interface Complaint {
  readonly what: string;
  readonly rule: string;
  /** Expressions that are right, to choose from. */
  readonly instead?: readonly string[];
  /** An expression that shows the rule, for when there is none to choose. */
  readonly example?: string;
}

function parseUnix(parts: readonly string[], zone: string): Parsed<CronSchedule> {
  const unix = fromUnix(parts);
  if ('what' in unix) return refused([{ ...unix, instead: unix.instead.flatMap((each) => right(each)) }]);
  const parsed = parseSix(unix.fields, zone);
  if ('problems' in parsed) return parsed;
  const message = `"${parts.join(' ')}" is read as unix cron has it`;
  const hint = `AWS writes it "${parsed.schedule.expression}"`;
  return { ...parsed, notes: [{ field: 'cron', message, hint }] };
}

function parseSix(parts: readonly string[], zone: string): Parsed<CronSchedule> {
  const six = readSix(parts);
  const problems = six.kind === 'wrong' ? six.problems : [];
  const fixed = withFixes(parts, problems);
  const days = complaintOfDays(parts, fixed);
  if (days) {
    const others = problems.filter(({ field }) => field !== 'day' && field !== 'weekday');
    const { instead = [] } = days;
    return refused([...others.map((problem) => complaint(problem, instead)), days]);
  }
  if (six.kind === 'wrong') {
    const instead = right(fixed);
    return refused(problems.map((problem) => complaint(problem, instead)));
  }
  if (six.kind === 'never') return refused([neverFires(parts)]);
  const { expression, pattern } = six;
  return { schedule: Object.freeze({ kind: 'cron', expression, zone, pattern }), notes: [] };
}

function complaint({ field, what, rule, example }: FieldProblem, instead: readonly string[]): Complaint {
  return { what, rule, instead, example: example ?? fields[field].example };
}

/** The fields as they are with all of the fixes; one that has none stays wrong. */
function withFixes(parts: readonly string[], problems: readonly FieldProblem[]): readonly string[] {
  return parts.map((part, index) => {
    const own = problems.find(({ field }) => field === fieldOrder[index]);
    return own?.fix ?? part;
  });
}

/** The expression if it is right in all; nothing else is ever offered. */
function right(parts: readonly string[]): readonly string[] {
  if (!isDayRight(parts)) return [];
  const six = readSix(parts);
  return six.kind === 'right' ? [six.expression] : [];
}

/** Other programs' expressions, and texts that are none. Quartz and Spring begin with seconds. */
function complaintOfShape(parts: readonly string[]): Complaint | undefined {
  const count = parts.length;
  const sixth = parts[5] ?? '';
  if (count === 7 || (count === 6 && (sixth === '?' || namesWeekdays(sixth)))) {
    const six = count === 7 ? parts.slice(1) : [...parts.slice(1), '*'];
    const rule = 'AWS has none: minute hour day month weekday year';
    return {
      what: 'the expression begins with seconds',
      rule,
      instead: right(isDayRight(six) ? six : onDay(six)),
    };
  }
  if (count === 6) return undefined;
  const what = count === 0 ? 'the expression is empty' : `the expression has ${count} of six fields`;
  return { what: count > 7 ? `the expression has ${count} fields` : what, rule: sixFields };
}

/**
 * "You can't use * in both the Day-of-month and Day-of-week fields. If you use it in one, you must use ? in the
 * other", and the same holds for values.
 */
function isDayRight([, , day, , weekday]: readonly string[]): boolean {
  return (day === '?') !== (weekday === '?');
}

/** With ? where a * says no more. */
function onDay(parts: readonly string[]): readonly string[] {
  const [, , day = '', , weekday = ''] = parts;
  if (weekday === '*' || weekday === '?') return withDays(parts, day === '?' ? '*' : day, '?');
  return day === '*' ? withDays(parts, '?', weekday) : parts;
}

function withDays(parts: readonly string[], day: string, weekday: string): readonly string[] {
  return parts.map((part, index) => (index === 2 ? day : index === 4 ? weekday : part));
}

/** `fixed` are the fields without their own mistakes, for what is offered instead. */
function complaintOfDays(parts: readonly string[], fixed: readonly string[]): Complaint | undefined {
  const [, , day = '', , weekday = ''] = parts;
  if (namesWeekdays(day) && (weekday === '?' || weekday === '*')) {
    const rule = 'weekdays stand in the fifth field';
    return { what: `day ${day} is a weekday`, rule, instead: right(withDays(fixed, '?', day)) };
  }
  if (isDayRight(parts)) return undefined;
  const rule = 'AWS has ? in one of day and weekday, which says that the other decides';
  const what =
    day === '?' ? 'day and weekday are both ?' : `day ${day} and weekday ${weekday} are both given`;
  const isClear = weekday === '*' || weekday === '?' || day === '*';
  const [, , theDay = '', , theWeekday = ''] = fixed;
  const choices = isClear ? [onDay(fixed)] : [withDays(fixed, theDay, '?'), withDays(fixed, '?', theWeekday)];
  return { what, rule, instead: choices.flatMap((choice) => right(choice)) };
}

/** The calendar lacks some of the days that can be written down. */
function neverFires(parts: readonly string[]): Complaint {
  const [, , day, month, , year] = parts;
  const when = year === '*' ? `month ${month}` : `month ${month} of ${year}`;
  const what = `the expression never fires: there is no day ${day} in ${when}`;
  return { what, rule: 'L is the last day of a month', instead: right(withDays(parts, 'L', '?')) };
}

function refused(all: readonly Complaint[]): { readonly problems: readonly ScheduleProblem[] } {
  const problems = all.map(({ what, rule, instead = [], example = fields.hour.example }) => {
    const offered = instead.map((each) => `"${each}"`).join(' or ');
    const hint = offered === '' ? `${rule}, as in "${example}"` : `${rule}: ${offered}`;
    return { field: 'cron' as const, message: what, hint };
  });
  return { problems };
}
