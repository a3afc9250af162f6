import { range, weekdays } from './cron-fields.js';

/** What crontab(5) calls by name, in its own five fields. */
const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Five fields without a `?` are unix cron's: AWS's five (its year can be left out) have one. */
export function isUnix(parts: readonly string[]): boolean {
  return (parts.length === 5 && !parts.includes('?')) || parts[0]?.startsWith('@') === true;
}

interface NotUnix {
  readonly what: string;
  readonly rule: string;
  /** AWS's six fields that may have been meant, to choose from. */
  readonly instead: readonly (readonly string[])[];
}

/**
 * The six fields of AWS that say the same as the five of crontab(5). What differs: unix counts weekdays from 0 to 7,
 * both of which are Sunday, AWS from 1 to 7; and unix takes day and weekday together, AWS one of them.
 * What is no cron at all stays as it is, for AWS's rules to object to.
 */
export function fromUnix(given: readonly string[]): { readonly fields: readonly string[] } | NotUnix {
  const parts = nicknames[given[0]?.toLowerCase() ?? '']?.split(' ') ?? given;
  if (parts.length !== 5) {
    const rule = `a name is one of ${Object.keys(nicknames).join(', ')}`;
    return { what: `${given.join(' ')} is no schedule`, rule, instead: [] };
  }
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = parts;
  const ranged = parts.map((field, index) => withRange(field, lastValues[index] ?? 0));
  const bare = parts.find((field, index) => field !== ranged[index]);
  if (bare !== undefined) {
    const rule = 'unix cron takes steps of a range or of *';
    const right = fromUnix(ranged);
    return {
      what: `${bare} is a step without a range`,
      rule,
      instead: 'fields' in right ? [right.fields] : right.instead,
    };
  }
  const days = weekdayField(weekday);
  const first = [minute, hour];
  const last = month.replace(/^\*\//, '1/');
  if (days === '*') return { fields: [...first, day.replace(/^\*\//, '1/'), last, '?', '*'] };
  if (day === '*') return { fields: [...first, '?', last, days, '*'] };
  return bothDays(first, [day, last, days]);
}

const lastValues = [59, 23, 31, 12, 6];

/** `5/15`, which AWS takes to the field's end, as `5-59/15`. */
function withRange(field: string, last: number): string {
  return field.replaceAll(/(^|,)(\d+)\/(\d+)(?=,|$)/g, `$1$2-${last}/$3`);
}

/** crontab(5): where both are restricted a command runs when either matches; where one begins with *, when both do. */
function bothDays(first: readonly string[], [day, month, days]: readonly [string, string, string]): NotUnix {
  const word = day.startsWith('*') || days.startsWith('*') ? 'both match' : 'either matches';
  const byDay = [...first, day.replace(/^\*\//, '1/'), month, '?', '*'];
  const byWeekday = [...first, '?', month, days, '*'];
  return {
    what: `day ${day} and weekday ${days} are both given: unix cron fires when ${word}, which AWS cannot say`,
    rule: 'choose one, or make two pipelines',
    instead: [byDay, byWeekday],
  };
}

const MAX_WEEKDAY = 7;

/** Unix cron's weekdays as AWS has them: `1-5` as `MON-FRI`. What is not unix cron's is given back as it is. */
export function weekdayField(text: string): string {
  if (text === '*' || text === '*/1') return '*';
  const entries = text.split(',').map(weekdayEntry);
  if (entries.includes(undefined)) return text.toUpperCase();
  const all = new Set(entries.flatMap((entry) => entry ?? []).map((day) => day % 7));
  if (all.size === weekdays.length) return '*';
  if (/^\w+-\w+$/.test(text)) return rangeText(entries[0] ?? []);
  const sorted = [...all].sort((a, b) => a - b);
  return sorted.map((day) => weekdays[day]).join(',');
}

/** The days that an entry stands for, by unix's numbers, 7 among them. */
function weekdayEntry(entry: string): readonly number[] | undefined {
  const [, low, , high, step = '1'] =
    /^([A-Za-z]{3}|\d|\*)(-([A-Za-z]{3}|\d))?(?:\/(\d))?$/.exec(entry) ?? [];
  if (low === undefined || step === '0') return undefined;
  if (low === '*') return high === undefined ? range(0, MAX_WEEKDAY - 1, Number(step)) : undefined;
  const from = weekdayNumber(low);
  const to = high === undefined ? from : weekdayNumber(high);
  if (from === undefined || to === undefined || from > to) return undefined;
  return range(from, to, Number(step));
}

function weekdayNumber(text: string): number | undefined {
  const word = weekdays.indexOf(text.toUpperCase());
  if (word >= 0) return word;
  const number = Number(text);
  return Number.isInteger(number) && number <= MAX_WEEKDAY ? number : undefined;
}

/** A range that AWS has: it does not go from Saturday to Sunday. */
function rangeText(days: readonly number[]): string {
  const [first = 0] = days;
  const last = days.at(-1) ?? first;
  if (last < MAX_WEEKDAY) return `${weekdays[first]}-${weekdays[last]}`;
  return [...new Set(days.map((day) => day % 7))]
    .sort((a, b) => a - b)
    .map((day) => weekdays[day])
    .join(',');
}
