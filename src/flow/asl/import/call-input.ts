import type { Reference } from '../../../expression/expression.js';
import { printExpression } from '../../../expression/print.js';
import type { Data } from './data.js';

/** A call's `input`, and what of it could not be said. */
export interface ImportedInput {
  /** Undefined: nothing is handed over. */
  readonly value?: unknown;
  readonly losses: readonly string[];
  readonly notes: readonly string[];
}

/** The input that gives a function what it got in the state machine. */
export function inputOf(data: Data): ImportedInput {
  if (data.kind === 'input') {
    const note = "the state machine handed on its execution's input, which a pipeline does not have";
    return { losses: [], notes: [note] };
  }
  const losses: string[] = [];
  const value = asInput(data, 'input', losses);
  const notes = holdsCode(value) ? [codeNote] : [];
  return { value, losses, notes };
}

/** Of the name that a function fails with. */
export const codeNote = 'whatever a function fails with is call_failed here';

function holdsCode(value: unknown): boolean {
  return /\{\{ steps\['[^']*'\]\.error\.code \}\}/.test(JSON.stringify(value));
}

function asInput(data: Data, place: string, losses: string[]): unknown {
  const reference = referenceTo(data);
  if (reference) return `{{ ${printExpression(reference)} }}`;
  switch (data.kind) {
    case 'constant':
      return plain(data.value, place, losses);
    case 'list':
      return data.items.map((item, index) => asInput(item, `${place}[${index}]`, losses));
    case 'object':
      sayBase(data.base, place, losses);
      return fieldsOf(data.fields, (name) => `${place}.${name}`, losses);
    default:
      losses.push(`${place}: ${whyNot(data)}`);
      return null;
  }
}

function fieldsOf(
  fields: Readonly<Record<string, Data>>,
  placeOf: (name: string) => string,
  losses: string[],
): unknown {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, asInput(field, placeOf(name), losses)]),
  );
}

/** An object can name its fields one by one, and not take over those of another. */
function sayBase(base: Data | undefined, place: string, losses: string[]): void {
  if (!base || (base.kind === 'constant' && JSON.stringify(base.value) === '{}')) return;
  losses.push(
    base.kind === 'input'
      ? `${place}: ${whyNot(base)}`
      : `${place}: what was added to an earlier output is handed over without the rest of it`,
  );
}

/** Text that would be taken for a reference is not one. */
function plain(value: unknown, place: string, losses: string[]): unknown {
  if (!JSON.stringify(value).includes('{{')) return value;
  losses.push(`${place}: texts that hold {{ mean references here`);
  return null;
}

/** What an expression calls the data; undefined for what it cannot name. */
export function referenceTo(data: Data): Reference | undefined {
  if (data.kind === 'output') return { kind: 'step', step: data.step, path: ['output', ...data.path] };
  if (data.kind === 'error') return { kind: 'step', step: data.step, path: ['error', data.field] };
  return data.kind === 'time' ? { kind: 'firing', field: 'time' } : undefined;
}

export function whyNot(data: Data): string {
  if (data.kind === 'unknown') return data.why;
  return data.kind === 'input'
    ? "it is of the execution's input, which a pipeline does not have"
    : 'it is not one value';
}
