import type {
  Comparison,
  Expression,
  ExpressionMistake,
  Literal,
  Membership,
  Operand,
  Reference,
  StepReference,
} from './expression.js';
import {
  errorFields,
  fieldsOfSteps,
  instantOf,
  type NamedStepKind,
  typesOfFiring,
  type ValueType,
} from './fields.js';

/** What an expression may speak of. */
export interface ExpressionScope {
  /** The steps that have certainly ended before. `failed`: and are known to have failed. */
  readonly steps: ReadonlyMap<string, { readonly kind: NamedStepKind; readonly failed?: true }>;
  /** What is wrong with naming a step that is none of them. */
  unknownStep(name: string): { readonly message: string; readonly hint?: string };
  /** `; did you mean "rejects"?`, or nothing. */
  didYouMean(wrong: string, names: readonly string[]): string;
}

/** All that is wrong with a condition: what it names, and what it compares with what. */
export function checkExpression(
  expression: Expression,
  at: (node: Expression) => number,
  scope: ExpressionScope,
): readonly ExpressionMistake[] {
  const check = new Check(at, scope);
  check.condition(expression);
  return check.mistakes;
}

/** What is wrong with a reference that stands alone. */
export function checkReference(reference: Reference, scope: ExpressionScope): readonly ExpressionMistake[] {
  const check = new Check(() => 0, scope);
  check.typeOf(reference);
  return check.mistakes;
}

/** More values than these are not listed in a hint. */
const MAX_LISTED = 12;

class Check {
  readonly mistakes: ExpressionMistake[] = [];
  readonly #at: (node: Expression) => number;
  readonly #scope: ExpressionScope;

  constructor(at: (node: Expression) => number, scope: ExpressionScope) {
    this.#at = at;
    this.#scope = scope;
  }

  /** Must be true or false. */
  condition(expression: Expression): void {
    switch (expression.kind) {
      case 'and':
      case 'or':
        for (const part of expression.of) this.condition(part);
        return;
      case 'not':
        this.condition(expression.of);
        return;
      case 'comparison':
        this.#comparison(expression);
        return;
      case 'in':
        this.#membership(expression);
        return;
      default: {
        const type = this.typeOf(expression);
        if (type && type.is !== 'boolean' && type.is !== 'unknown')
          this.#say(expression, notACondition(type));
      }
    }
  }

  #comparison(comparison: Comparison): void {
    const { left, right, operator } = comparison;
    const types = [this.typeOf(left), this.typeOf(right)] as const;
    if (left.kind === 'literal' && right.kind === 'literal') {
      this.#say(left, ['both sides are fixed', "compare with steps['name'].… or firing.…"]);
    }
    const [one, other] = types;
    if (!one || !other) return;
    if (!areComparable(one, other)) {
      this.#say(left, [`${wordsOf(one)} is compared with ${wordsOf(other)}`, hintFor(one, other)]);
      return;
    }
    const isEquality = operator === '==' || operator === '!=';
    const unordered = [one, other].find(({ is }) => is === 'boolean' || is === 'null');
    if (!isEquality && unordered) {
      this.#say(left, [`${wordsOf(unordered)} is neither less nor more`, 'compare by == or !=']);
    }
    if (!isEquality && one.is === 'text' && other.is === 'text') {
      this.#say(left, ['texts are neither less nor more', 'compare by ==, != or in']);
    }
    this.#fits(one, right);
    this.#fits(other, left);
  }

  #membership({ left, list }: Membership): void {
    const type = this.typeOf(left);
    if (left.kind === 'literal') this.#say(left, ['both sides are fixed']);
    if (!type) return;
    for (const literal of list) {
      const one = typeOfLiteral(literal);
      if (areComparable(type, one)) this.#fits(type, literal);
      else this.#say(literal, [`${wordsOf(type)} is compared with ${wordsOf(one)}`, hintFor(type, one)]);
    }
  }

  /** Whether a value of the type can be this literal at all. */
  #fits(type: ValueType, literal: Operand): void {
    if (literal.kind !== 'literal' || typeof literal.value !== 'string') return;
    const { value } = literal;
    if (type.is === 'moment' && instantOf(value) === undefined) {
      this.#say(literal, ['not an instant', "one looks like '2026-12-01T06:00:00Z'"]);
    }
    if (type.is === 'text' && type.oneOf && !type.oneOf.includes(value)) {
      const message = `it is never ${JSON.stringify(value)}${this.#scope.didYouMean(value, type.oneOf)}`;
      this.#say(literal, [
        message,
        type.oneOf.length > MAX_LISTED ? undefined : `one of: ${type.oneOf.join(', ')}`,
      ]);
    }
  }

  /** Undefined where it names what there is not, which has been said. */
  typeOf(operand: Operand): ValueType | undefined {
    if (operand.kind === 'literal') return typeOfLiteral(operand);
    return operand.kind === 'firing' ? typesOfFiring[operand.field] : this.#typeOfStep(operand);
  }

  #typeOfStep(reference: StepReference): ValueType | undefined {
    const { step, path } = reference;
    const known = this.#scope.steps.get(step);
    if (!known) {
      const { message, hint } = this.#scope.unknownStep(step);
      this.#say(reference, [message, hint]);
      return undefined;
    }
    const [field, ...rest] = path;
    if (field === 'error' && known.failed) return this.#typeOfError(reference, rest);
    const fields = fieldsOfSteps[known.kind];
    const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (!type) {
      this.#say(reference, this.#unknownField(field, known.kind, Object.keys(fields)));
      return undefined;
    }
    if (rest.length > 0 && type.is !== 'unknown') {
      this.#say(reference, [`${field} holds nothing else`, `write steps['${step}'].${field}`]);
      return undefined;
    }
    return type;
  }

  #typeOfError(reference: StepReference, rest: readonly (string | number)[]): ValueType | undefined {
    const [field, ...more] = rest;
    const type = typeof field === 'string' ? errorFields[field] : undefined;
    if (type && more.length === 0) return type;
    this.#say(reference, [
      'an error has a code and a message',
      `write steps['${reference.step}'].error.code`,
    ]);
    return undefined;
  }

  #unknownField(field: string, kind: NamedStepKind, fields: readonly string[]): Words {
    const hint = `fields of a ${kind}: ${fields.join(', ')}`;
    if (field === 'error') return ['there is an error only in `onFailure` of the step that failed', hint];
    const known = Object.values(fieldsOfSteps).some((each) => Object.hasOwn(each, field));
    if (known) return [`a ${kind} has no ${field}`, hint];
    return [`unknown field ${JSON.stringify(field)}${this.#scope.didYouMean(field, fields)}`, hint];
  }

  #say(node: Expression, [message, hint]: Words): void {
    this.mistakes.push({ at: this.#at(node), message, ...(hint === undefined ? {} : { hint }) });
  }
}

type Words = readonly [message: string, hint?: string | undefined];

function typeOfLiteral({ value }: Literal): ValueType {
  if (value === null) return { is: 'null' };
  if (typeof value === 'number') return { is: 'number' };
  return typeof value === 'string' ? { is: 'text' } : { is: 'boolean' };
}

function areComparable(one: ValueType, other: ValueType): boolean {
  if (one.is === other.is || one.is === 'unknown' || other.is === 'unknown') return true;
  const both = [one, other];
  if (!both.some(({ is }) => is === 'moment')) return false;
  // What is no instant is said apart; `start` and `end` may be absent.
  return both.some((type) => type.is === 'null' || (type.is === 'text' && !type.oneOf));
}

function notACondition(type: ValueType): Words {
  if (type.is === 'number') return ['a number is no condition', 'compare it: … > 0'];
  if (type.is === 'text') return ['a text is no condition', "compare it: … == 'complete'"];
  return [`${wordsOf(type)} is no condition`, 'compare it with something'];
}

function wordsOf({ is }: ValueType): string {
  return {
    number: 'a number',
    text: 'a text',
    boolean: 'true or false',
    null: 'null',
    moment: 'an instant',
    unknown: 'an output',
  }[is];
}

function hintFor(one: ValueType, other: ValueType): string | undefined {
  const kinds = new Set([one.is, other.is]);
  if (kinds.has('number') && kinds.has('text')) return 'a number stands without quotes';
  if (kinds.has('moment')) return "an instant is compared with another, or with '2026-12-01T06:00:00Z'";
  return undefined;
}
