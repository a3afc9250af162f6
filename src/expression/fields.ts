import { errorCodes } from '../errors.js';
import { stepOutcomes, weekdays } from './expression.js';

/** What a value of the language is, before it is known. */
export type ValueType =
  | { readonly is: 'number' | 'boolean' | 'null' | 'unknown' }
  /** `one of` where only these can be. */
  | { readonly is: 'text'; readonly oneOf?: readonly string[] }
  /** An instant. It may be absent, and is null then. */
  | { readonly is: 'moment' };

export type NamedStepKind = 'copy' | 'replicate' | 'export' | 'wait' | 'verify' | 'call';

const number: ValueType = { is: 'number' };
const outcome: ValueType = { is: 'text', oneOf: stepOutcomes };

/** The fields of a step that has ended. With `tables` the counts are those of all copies together. */
export const fieldsOfSteps: Readonly<Record<NamedStepKind, Readonly<Record<string, ValueType>>>> = {
  copy: {
    outcome,
    read: number,
    written: number,
    unchanged: number,
    rejected: number,
    deleted: number,
    bytes: number,
    seconds: number,
  },
  replicate: {
    outcome,
    read: number,
    written: number,
    unchanged: number,
    rejected: number,
    bytes: number,
    seconds: number,
  },
  export: {
    outcome,
    read: number,
    written: number,
    unchanged: number,
    rejected: number,
    bytes: number,
    seconds: number,
    output: { is: 'unknown' },
  },
  wait: { outcome, seconds: number },
  verify: { outcome, seconds: number },
  call: { outcome, seconds: number, output: { is: 'unknown' } },
};

/** The fields of `error`, where a step is known to have failed. */
export const errorFields: Readonly<Record<string, ValueType>> = {
  code: { is: 'text', oneOf: Object.keys(errorCodes) },
  message: { is: 'text' },
};

const moment: ValueType = { is: 'moment' };

export const typesOfFiring: Readonly<Record<string, ValueType>> = {
  time: moment,
  start: moment,
  end: moment,
  minute: number,
  hour: number,
  day: number,
  month: number,
  year: number,
  weekday: { is: 'text', oneOf: weekdays },
};

/** `2026-12-01T06:00:00Z`, with or without seconds and fractions; milliseconds since 1970, or undefined. */
export function instantOf(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/.test(text)) return undefined;
  const time = Date.parse(text);
  // Some days that there are not become others: 2026-02-30 is March 2.
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 16) !== text.slice(0, 16)
    ? undefined
    : time;
}
