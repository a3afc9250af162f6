import { checkExpression, checkReference, type ExpressionScope } from '../expression/check.js';
import type { Expression, ExpressionMistake } from '../expression/expression.js';
import { parseExpression } from '../expression/parse.js';
import { referenceIn } from '../expression/template.js';
import type { GivenSchema } from './contents.js';
import type { DocumentPath } from './document-path.js';
import type { Report } from './report.js';
import type { Ended, StepNames } from './step-scope.js';
import { didYouMean } from './suggestion.js';

/** What the steps of a document share while they are read. */
export interface Reading {
  readonly report: Report;
  readonly names: StepNames;
  /** What can be checked once the names of all steps are known. */
  readonly pending: (() => void)[];
  /** Schemas that have yet to be read from their files and tried. */
  readonly schemas: GivenSchema[];
}

/** The expression of a `when`; undefined when the report has been told of mistakes, or it is no text. */
export function readWhen(
  value: unknown,
  path: DocumentPath,
  ended: Ended,
  reading: Reading,
): Expression | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const parsed = parseExpression(value);
  if ('mistake' in parsed) {
    sayMistake(parsed.mistake, path, reading.report);
    return undefined;
  }
  const { expression, at } = parsed;
  reading.pending.push(() => {
    const mistakes = checkExpression(expression, at, scopeOf(ended, reading));
    for (const mistake of mistakes) sayMistake(mistake, path, reading.report);
  });
  return expression;
}

/** Says what is wrong with the references in a call's input, however deep they lie. */
export function checkInput(value: unknown, path: DocumentPath, ended: Ended, reading: Reading): void {
  if (typeof value === 'bigint') {
    const message = 'an integer beyond 2^53 is not exact in JSON';
    reading.report.add(path, { code: 'wrong_value', message, hint: 'put it between quotes' });
  }
  if (typeof value === 'string') checkText(value, path, ended, reading);
  if (typeof value !== 'object' || value === null) return;
  const isList = Array.isArray(value);
  for (const [key, part] of Object.entries(value)) {
    checkInput(part, [...path, isList ? Number(key) : key], ended, reading);
  }
}

function checkText(text: string, path: DocumentPath, ended: Ended, reading: Reading): void {
  const found = referenceIn(text);
  if (!found) return;
  if ('mistake' in found) {
    sayMistake(found.mistake, path, reading.report);
    return;
  }
  reading.pending.push(() => {
    const mistakes = checkReference(found.reference, scopeOf(ended, reading));
    for (const { message, hint } of mistakes) {
      reading.report.add(path, { code: 'wrong_value', message, hint });
    }
  });
}

function scopeOf(ended: Ended, { names }: Reading): ExpressionScope {
  return { steps: ended, unknownStep: (name) => names.unknown(name, ended), didYouMean };
}

/** Characters count from 1, as columns do. */
function sayMistake({ at, message, hint }: ExpressionMistake, path: DocumentPath, report: Report): void {
  report.add(path, { code: 'wrong_value', message: `at character ${at + 1}: ${message}`, hint });
}
