import {
  allOf,
  type Field,
  type FieldProblem,
  type FieldValue,
  numberOf,
  type ReadField,
  range,
} from './cron-fields.js';
import { readSpecial } from './read-special.js';
import { weekdayField } from './unix-cron.js';

/** Reads one field of a cron expression, and says all that is wrong with it. */
export function readField(field: Field, text: string): ReadField {
  if (text === '?') return readAny(field);
  const special = readSpecial(field, text);
  if (special) return special;
  if (field.name === 'weekday' && /(^|[,-])0/.test(text)) return wrong(countedFromZero(text));
  return readList(field, text);
}

/** With a 0 among them, weekdays are counted as unix counts them. */
function countedFromZero(text: string): FieldProblem {
  const rule = 'AWS counts weekdays from 1, which is Sunday; unix cron from 0';
  return { field: 'weekday', what: `weekday ${text} counts from 0`, rule, fix: weekdayField(text) };
}

function readAny(field: Field): ReadField {
  if (field.name === 'day' || field.name === 'weekday') return { value: { kind: 'any' }, text: '?' };
  return wrong({
    field: field.name,
    what: `${field.name} cannot be ?`,
    rule: '? stands only in day or weekday, the third and the fifth field',
    fix: '*',
  });
}

/** Values, ranges and steps between commas. */
function readList(field: Field, text: string): ReadField {
  const entries = text.split(',');
  const filled = entries.filter((entry) => entry !== '');
  if (filled.length < entries.length) {
    return wrong({
      field: field.name,
      what: `${field.name} ${text} has a comma with nothing beside it`,
      rule: 'a comma stands between two values',
      ...(filled.length > 0 && { fix: filled.join(',') }),
    });
  }
  const read = entries.map((entry) => readEntry(field, entry));
  const problems = read.flatMap((each) => ('what' in each ? [each] : []));
  if (problems.length > 0) return { problems: problems.map((problem) => inList(problem, entries, read)) };
  const values = new Set(read.flatMap((each) => ('what' in each ? [] : each)));
  const sorted = [...values].sort((a, b) => a - b);
  return { value: { kind: 'values', values: sorted } satisfies FieldValue, text: text.toUpperCase() };
}

/** The fix of an entry becomes one of the whole field, where all of its wrong entries have one. */
function inList(
  { fix: _fix, ...problem }: FieldProblem,
  entries: readonly string[],
  read: readonly (FieldProblem | readonly number[])[],
): FieldProblem {
  const fixed = entries.map((entry, index) => {
    const each = read[index];
    return each && 'what' in each ? each.fix : entry;
  });
  return fixed.includes(undefined) ? problem : { ...problem, fix: fixed.join(',') };
}

/** `5`, `MON`, `*`, `1-5`, and each of them with a step: `1/10` goes on to the field's end. */
function readEntry(field: Field, entry: string): FieldProblem | readonly number[] {
  const [base = '', step, ...more] = entry.split('/');
  if (more.length > 0) return malformed(field, entry);
  if (step !== undefined && base === '') {
    return { ...malformed(field, entry), rule: 'a step needs a beginning', fix: `*/${step}` };
  }
  const bounds = readBounds(field, base, step !== undefined);
  if ('what' in bounds)
    return bounds.fix === undefined ? bounds : { ...bounds, fix: withStep(bounds.fix, step) };
  const width = step === undefined ? 1 : readStep(field, entry, step, bounds);
  return typeof width === 'number' ? range(bounds.from, bounds.to, width) : width;
}

function withStep(fix: string, step: string | undefined): string {
  return step === undefined ? fix : `${fix}/${step}`;
}

interface Bounds {
  readonly from: number;
  readonly to: number;
}

function readBounds(field: Field, base: string, hasStep: boolean): FieldProblem | Bounds {
  if (base === '*') return { from: field.min, to: field.max };
  const [low = '', high, ...more] = base.split('-');
  if (more.length > 0 || low === '' || high === '') return malformed(field, base);
  const from = readNumber(field, low);
  if (high === undefined) return typeof from === 'number' ? { from, to: hasStep ? field.max : from } : from;
  const to = readNumber(field, high);
  if (typeof from !== 'number' || typeof to !== 'number') return wrongEnds(low, from, high, to);
  return from <= to ? { from, to } : backwards(field, low, high);
}

/** A problem of one end or of both; the fix is of the whole range. */
function wrongEnds(
  low: string,
  from: FieldProblem | number,
  high: string,
  to: FieldProblem | number,
): FieldProblem {
  const fixes = [typeof from === 'number' ? low : from.fix, typeof to === 'number' ? high : to.fix];
  const { fix: _fix, ...problem } = typeof from === 'number' ? (to as FieldProblem) : from;
  return fixes.includes(undefined) ? problem : { ...problem, fix: fixes.join('-') };
}

function readNumber(field: Field, text: string): FieldProblem | number {
  const number = numberOf(field, text);
  if (number !== undefined) return number;
  const { name, takes: rule } = field;
  if (/^\d+$/.test(text)) {
    const fix = fixOfNumber(field, Number(text));
    const what = `${name} ${text} does not exist`;
    return { field: name, what, rule, ...(fix !== undefined && { fix }) };
  }
  const isWord = /^[A-Za-z]+$/.test(text);
  const word = isWord ? field.words.find((each) => text.toUpperCase().startsWith(each)) : undefined;
  if (word !== undefined) {
    return { field: name, what: `${name} ${text} is not a name`, rule, fix: word };
  }
  return malformed(field, text);
}

/** What other programs write so: unix counts weekdays from 0, ISO 8601 calls midnight 24, years have two digits. */
function fixOfNumber({ name }: Field, number: number): string | undefined {
  if (name === 'hour' && number === 24) return '0';
  if (name === 'minute' && number === 60) return '0';
  if (name === 'year' && number < 100) return String(2000 + number);
  return undefined;
}

function readStep(field: Field, entry: string, step: string, { from, to }: Bounds): FieldProblem | number {
  const { name } = field;
  if (!/^\d{1,4}$/.test(step)) return malformed(field, entry);
  const width = Number(step);
  if (width === 0) {
    return {
      field: name,
      what: `${name} ${entry} has a step of 0`,
      rule: 'a step is at least 1',
      fix: entry.replace(/\/0+$/, '/1'),
    };
  }
  if (width <= to - from) return width;
  return {
    field: name,
    what: `${name} ${entry} has a step that leads out of the field`,
    rule: `only ${from} would be left of it; ${field.takes}`,
    fix: String(from),
  };
}

/** AWS says nothing of ranges that go over the field's end; this says the same with two. */
function backwards(field: Field, low: string, high: string): FieldProblem {
  const { name, min, max } = field;
  const what = `${name} ${low}-${high} runs backwards`;
  if (name === 'year')
    return { field: name, what, rule: 'the earlier year stands first', fix: `${high}-${low}` };
  const [first, last] = [field.words[0] ?? String(min), field.words.at(-1) ?? String(max)];
  const isWord = /^[A-Za-z]/.test(low);
  const [start, end] = isWord ? [first, last] : [String(min), String(max)];
  const upper = low.toUpperCase() === end ? end : `${low}-${end}`;
  const lower = high.toUpperCase() === start ? start : `${start}-${high}`;
  return {
    field: name,
    what,
    rule: 'a range over the end of the field is two ranges',
    fix: `${upper},${lower}`.toUpperCase(),
  };
}

function malformed({ name, takes }: Field, text: string): FieldProblem {
  return { field: name, what: `${name} ${text} cannot be read`, rule: takes };
}

function wrong(problem: FieldProblem): ReadField {
  return { problems: [problem] };
}

/** Whether a field leaves nothing out. */
export function isAll(field: Field, value: FieldValue): boolean {
  return value.kind === 'values' && value.values.length === allOf(field).length;
}
