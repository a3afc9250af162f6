import type { ComparisonOperator, Expression, Operand } from '../../../expression/expression.js';
import { codeNote, referenceTo, whyNot } from './call-input.js';
import { type Data, dataAt } from './data.js';
import { isObject, quoted } from './machine-file.js';

type Rule = Readonly<Record<string, unknown>>;

/** Why a rule has no counterpart. Does not leave this folder. */
export class NotCarried extends Error {}

/** A Choice rule as a condition. Throws `NotCarried` for one that conditions cannot say. */
export function conditionOf(rule: Rule, data: Data): Expression {
  const { And: all, Or: any, Not: not } = rule;
  if (Array.isArray(all))
    return joined(
      'and',
      withoutTypeTests(all).map((each) => conditionOf(each, data)),
    );
  if (Array.isArray(any))
    return joined(
      'or',
      any.map((each) => conditionOf(each as Rule, data)),
    );
  if (isObject(not)) return { kind: 'not', of: conditionOf(not, data) };
  const test = Object.keys(rule).find((name) => !['Variable', 'Next', 'Comment', 'Assign'].includes(name));
  if (test === undefined || typeof rule['Variable'] !== 'string') throw new NotCarried('it is no rule');
  return tested(test, rule[test], operandAt(rule['Variable'], data), data);
}

export function joined(kind: 'and' | 'or', of: readonly Expression[]): Expression {
  const [first] = of;
  return of.length === 1 && first ? first : { kind, of };
}

function operandAt(path: string, data: Data): Operand {
  const found = dataAt(data, path);
  if (found.kind === 'error' && found.field === 'code') throw new NotCarried(`${path}: ${codeNote}`);
  const reference = referenceTo(found);
  if (reference) return reference;
  if (found.kind === 'constant' && isLiteral(found.value)) return { kind: 'literal', value: found.value };
  throw new NotCarried(`${path}: ${whyNot(found)}`);
}

function isLiteral(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

const families = /^(String|Numeric|Boolean|Timestamp)(.*)$/;

const operators: Readonly<Record<string, ComparisonOperator>> = {
  Equals: '==',
  LessThan: '<',
  LessThanEquals: '<=',
  GreaterThan: '>',
  GreaterThanEquals: '>=',
};

function tested(test: string, value: unknown, left: Operand, data: Data): Expression {
  if (test === 'IsPresent' || test === 'IsNull') return nothingTest(test, value, left);
  const [, family = '', rest = ''] = families.exec(test) ?? [];
  if (family === 'Timestamp' && left.kind !== 'firing') {
    throw new NotCarried(`${test} compares times of any spelling, which are texts here`);
  }
  if (test === 'StringMatches') return matched(value, left);
  const isPath = rest.endsWith('Path');
  const operator = operators[isPath ? rest.slice(0, -4) : rest];
  if (!operator) throw new NotCarried(`${test} has no counterpart`);
  if (isPath && typeof value === 'string') return compared(operator, left, operandAt(value, data));
  if (!isLiteral(value)) throw new NotCarried(`${test} compares with what is no value`);
  return compared(operator, left, { kind: 'literal', value: family === 'Timestamp' ? inUtc(value) : value });
}

function compared(operator: ComparisonOperator, left: Operand, right: Operand): Expression {
  if (left.kind === 'literal' && right.kind === 'literal') throw new NotCarried('both sides of it are fixed');
  return { kind: 'comparison', operator, left, right };
}

/** What is absent is null here. */
function nothingTest(test: 'IsPresent' | 'IsNull', value: unknown, left: Operand): Expression {
  const isNothing = (test === 'IsNull') === (value === true);
  return compared(isNothing ? '==' : '!=', left, { kind: 'literal', value: null });
}

function matched(value: unknown, left: Operand): Expression {
  if (typeof value !== 'string' || value.includes('*')) {
    throw new NotCarried(`StringMatches ${quoted(String(value))}: there are no patterns`);
  }
  return compared('==', left, { kind: 'literal', value });
}

function inUtc(value: unknown): string {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new NotCarried('it compares with what is no time');
  return new Date(time).toISOString();
}

/** `IsNumeric` and its like before a comparison of the same value, which is false here for what is of another type. */
function withoutTypeTests(rules: readonly unknown[]): readonly Rule[] {
  const all = rules.filter(isObject);
  const kept = all.filter((rule) => !all.some((other) => other !== rule && implies(other, rule)));
  return kept.length > 0 ? kept : all;
}

function implies(comparison: Rule, test: Rule): boolean {
  const family = Object.keys(comparison).flatMap((name) => families.exec(name)?.[1] ?? [])[0];
  if (family === undefined || comparison['Variable'] !== test['Variable']) return false;
  return test['IsPresent'] === true || test[`Is${family}`] === true;
}
