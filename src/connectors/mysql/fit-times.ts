import { type Fitted, type Misfit, misfit, type Takers, type TextFit } from './fit.js';
import type { TableColumn } from './schema.js';

const notDate = misfit('value_type', 'the text is not a date of the form YYYY-MM-DD');
const notDatetime = misfit(
  'value_type',
  'the text is not a date and time without zone (YYYY-MM-DDThh:mm:ss)',
);
const notTimestamp = misfit('value_type', 'the text is not a date and time in UTC (YYYY-MM-DDThh:mm:ssZ)');
const notTime = misfit('value_type', 'the text is not a time of the form hh:mm:ss');
const outside = misfit('value_range', 'the date or time lies outside what the column holds');
const tooFine = misfit('value_inexact', 'the second has more digits than the column holds');
const minusZero = misfit('value_folds', 'the column would store -00:00:00 as 00:00:00');
const respelled = misfit(
  'key_folds',
  'the key would be stored in another spelling and could meet another key',
);

/** Takers of the date and time types; undefined for any other column. `lastTimestamp` is the server's. */
export function timeTakers(column: TableColumn, isKey: boolean, lastTimestamp: string): Takers | undefined {
  const digits = column.fraction ?? 0;
  if (column.dataType === 'date') return { date: dateFit, text: dateFit };
  if (column.dataType === 'datetime') {
    const check = datetimeFit(digits);
    return { datetime: check, text: isKey ? asStored(check, digits, notDatetime) : check };
  }
  if (column.dataType === 'timestamp') {
    const check = timestampFit(digits, lastTimestamp);
    const zoned: TextFit = (text) => (text.endsWith('Z') ? check(text.slice(0, -1)) : notTimestamp);
    return { timestamp: check, text: isKey ? asStored(zoned, digits, notTimestamp) : zoned };
  }
  if (column.dataType !== 'time') return undefined;
  const check = timeFit(digits);
  return { time: check, text: isKey ? sameText(check) : check };
}

const dateForm = /^\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])$/;

/** Any date that MySQL can hold, zero and impossible ones among them: they came from a MySQL, or are stored as they are. */
function dateFit(text: string): Fitted {
  return dateForm.test(text) ? text : notDate;
}

const datetimeForm =
  /^(\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01]))[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?$/;

function datetimeFit(digits: number): TextFit {
  const asItIs = plainDatetimeForm(digits);
  return (text) => {
    if (asItIs.test(text)) return text;
    const match = datetimeForm.exec(text);
    if (match === null) return notDatetime;
    const fraction = fractionOf(match[3], digits);
    return fraction === undefined ? tooFine : `${match[1]} ${match[2]}${fraction}`;
  };
}

/** What the server reads as it is; T as well as a space. */
function plainDatetimeForm(digits: number): RegExp {
  const fraction = digits === 0 ? '' : `(?:\\.\\d{1,${digits}})?`;
  return new RegExp(
    `^\\d{4}-(?:0\\d|1[0-2])-(?:[0-2]\\d|3[01])[T ](?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d${fraction}$`,
  );
}

const FIRST_TIMESTAMP = '1970-01-01 00:00:01';
const zeroTimestamp = /^0000-00-00[T ]00:00:00(?:\.0+)?$/;

function timestampFit(digits: number, last: string): TextFit {
  const check = datetimeFit(digits);
  return (text) => {
    const field = check(text);
    if (typeof field !== 'string') return field === tooFine ? field : notTimestamp;
    if (zeroTimestamp.test(field)) return field;
    const comparable = field[10] === 'T' ? `${field.slice(0, 10)} ${field.slice(11)}` : field;
    if (comparable < FIRST_TIMESTAMP || comparable > last) return outside;
    return inCalendar(field) ? field : notTimestamp;
  };
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function inCalendar(text: string): boolean {
  const day = Number(text.slice(8, 10));
  return day >= 1 && day <= daysOf(Number(text.slice(0, 4)), Number(text.slice(5, 7)));
}

/** How many days the month has; none if there is no such month. */
export function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (monthDays[month - 1] ?? 0);
}

const timeForm = /^(-?)((?:\d{2}|[1-9]\d{2}):[0-5]\d:[0-5]\d)(?:\.(\d+))?$/;
const onlyZeros = /^[0:.]+$/;
const MAX_TIME = '838:59:59';

function timeFit(digits: number): TextFit {
  return (text) => {
    const match = timeForm.exec(text);
    if (match === null) return notTime;
    const [, sign = '', clock = '', seconds] = match;
    const fraction = fractionOf(seconds, digits);
    if (fraction === undefined) return tooFine;
    if (clock.length === MAX_TIME.length && clock > MAX_TIME) return outside;
    if (sign === '-' && onlyZeros.test(clock + fraction)) return minusZero;
    return `${sign}${clock}${fraction}`;
  };
}

/** With its point, cut to what the column holds if only zeros fall away; undefined if more would. */
function fractionOf(found: string | undefined, digits: number): string | undefined {
  if (found === undefined) return '';
  if (found.length <= digits) return `.${found}`;
  if (!/^0*$/.test(found.slice(digits))) return undefined;
  return digits === 0 ? '' : `.${found.slice(0, digits)}`;
}

/** In a key, text must be spelled in the one way that the column's own values are: with T and all digits. */
function asStored(check: TextFit, digits: number, wrong: Misfit): TextFit {
  const length = digits === 0 ? 19 : 20 + digits;
  return (text) => {
    const field = check(text);
    if (typeof field !== 'string') return field;
    if (text[10] !== 'T') return wrong;
    return field.length === length && text.startsWith(field.slice(11), 11) ? field : respelled;
  };
}

function sameText(check: TextFit): TextFit {
  return (text) => {
    const field = check(text);
    return typeof field === 'string' && field !== text ? respelled : field;
  };
}
