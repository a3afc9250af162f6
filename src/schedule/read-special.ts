import { type Field, type FieldProblem, numberOf, type ReadField, weekdays } from './cron-fields.js';

/** Reads `L`, `LW`, `15W`, `6L` and `6#3`; undefined where the field holds none of these letters. */
export function readSpecial(field: Field, text: string): ReadField | undefined {
  const upper = text.toUpperCase();
  const bare = field.words.reduce((rest, word) => rest.replaceAll(word, ''), upper);
  const sign = (['L', 'W', '#'] as const).find((each) => bare.includes(each));
  if (sign === undefined || /[A-KM-VX-Z]/.test(bare)) return undefined;
  const misplaced = outOfPlace(field, text, sign);
  if (misplaced) return { problems: [misplaced] };
  if (upper.includes(',')) return { problems: [inList(field, text, sign)] };
  return field.name === 'day' ? readDay(field, upper) : readWeekday(field, upper);
}

interface Sign {
  readonly names: readonly string[];
  readonly rule: string;
  readonly example: string;
}

const signs: Readonly<Record<'L' | 'W' | '#', Sign>> = {
  L: {
    names: ['day', 'weekday'],
    rule: 'L stands in day (the last of a month) or weekday (6L is the last Friday)',
    example: '0 6 L * ? *',
  },
  W: {
    names: ['day'],
    rule: 'W stands in day only: 15W is the day from MON to FRI nearest to the 15th',
    example: '0 6 15W * ? *',
  },
  '#': {
    names: ['weekday'],
    rule: '# stands in weekday only: 6#3 is the third Friday of a month',
    example: '0 6 ? * 6#3 *',
  },
};

function outOfPlace({ name }: Field, text: string, sign: keyof typeof signs): FieldProblem | undefined {
  const { names, rule, example } = signs[sign];
  if (names.includes(name)) return undefined;
  return { field: name, what: `${name} ${text} cannot have ${sign}`, rule, example };
}

/** "If you use a '#' character, you can define only one expression"; L and W say one day of a month each. */
function inList({ name }: Field, text: string, sign: keyof typeof signs): FieldProblem {
  return {
    field: name,
    what: `${name} ${text} has ${sign} in a list`,
    rule: `a field with ${sign} holds nothing else; another day needs another pipeline`,
    example: signs[sign].example,
  };
}

function readDay(field: Field, text: string): ReadField {
  if (text === 'L') return { value: { kind: 'last' }, text };
  if (text === 'LW') return { value: { kind: 'lastWorkday' }, text };
  if (text === 'WL') return { problems: [unreadable(field, text, dayRule, 'LW')] };
  const [, day = ''] = /^(\d{1,2})W$/.exec(text) ?? [];
  const number = numberOf(field, day);
  if (number !== undefined) return { value: { kind: 'nearestWorkday', day: number }, text };
  const reversed = /^W(\d{1,2})$/.exec(text)?.[1];
  return {
    problems: [
      unreadable(field, text, dayRule, reversed && numberOf(field, reversed) ? `${reversed}W` : undefined),
    ],
  };
}

const dayRule =
  'with L or W a day is L (the last), LW (the last from MON to FRI) or 15W (from MON to FRI, nearest to the 15th)';
const weekdayRule = 'with L or # a weekday is 6L (the last Friday), 6#3 (the third) or L (Saturday)';
const MAX_NTH = 5;

function readWeekday(field: Field, text: string): ReadField {
  if (text === 'L') return { value: { kind: 'values', values: [7] }, text };
  const [, name = '', sign, n] = /^([A-Z]{3}|\d)(L|#(\d|L))$/.exec(text) ?? [];
  const weekday = numberOf(field, name);
  if (weekday === undefined) {
    const fix = name === '0' ? text.replace('0', '1') : undefined;
    return { problems: [unreadable(field, text, weekdayRule, fix)] };
  }
  if (sign === 'L') return { value: { kind: 'lastOf', weekday }, text: `${weekday}L` };
  if (n === 'L') return { problems: [unreadable(field, text, weekdayRule, `${weekday}L`)] };
  const nth = Number(n);
  if (nth >= 1 && nth <= MAX_NTH)
    return { value: { kind: 'nth', weekday, n: nth }, text: `${weekday}#${nth}` };
  const rule = `a month has up to ${MAX_NTH} of a weekday; ${weekday}L is its last ${weekdays[weekday - 1]}`;
  const what = `weekday ${text} counts to ${nth}`;
  return { problems: [{ field: 'weekday', what, rule, ...(nth > MAX_NTH && { fix: `${weekday}L` }) }] };
}

function unreadable({ name }: Field, text: string, rule: string, fix: string | undefined): FieldProblem {
  return {
    field: name,
    what: `${name} ${text} cannot be read`,
    rule,
    example: signs[name === 'day' ? 'W' : '#'].example,
    ...(fix !== undefined && { fix }),
  };
}

/** Whether a text is made of names of weekdays, as the fifth field has them. */
export function namesWeekdays(text: string): boolean {
  return text.split(/[,-]/).every((part) => weekdays.includes(part.toUpperCase()));
}
