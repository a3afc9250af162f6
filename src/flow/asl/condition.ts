import type {
  Comparison,
  ComparisonOperator,
  Expression,
  LiteralValue,
  Operand,
  Reference,
} from '../../expression/expression.js';
import { instantOf, type ValueType } from '../../expression/fields.js';
import type { Rule } from './definition.js';

/** Where a value lies, what it is, and whether there may be none. */
export interface Read {
  readonly path: string;
  readonly type: ValueType;
  readonly optional: boolean;
}

type Side = Read | { readonly value: LiteralValue };

/**
 * A condition as a Choice rule that is true when it is. A Choice fails where a path leads nowhere or a value is of
 * another type, so each value is first asked whether it is there and what it is.
 */
export function ruleFor(expression: Expression, read: (reference: Reference) => Read): Rule {
  const rule = (part: Expression): Rule => ruleFor(part, read);
  const side = (operand: Operand): Side =>
    operand.kind === 'literal' ? { value: operand.value } : read(operand);
  switch (expression.kind) {
    case 'and':
      return { And: expression.of.map(rule) };
    case 'or':
      return { Or: expression.of.map(rule) };
    case 'not':
      return { Not: rule(expression.of) };
    case 'comparison':
      return comparison(expression, side(expression.left), side(expression.right));
    case 'in':
      return anyOf(expression.list.map(({ value }) => compared('==', side(expression.left), { value })));
    case 'literal':
      return expression.value === true ? always : never;
    default:
      return compared('==', read(expression), { value: true });
  }
}

/** Of the context every machine has. */
const always: Rule = { Variable: '$.steps', IsPresent: true };
const never: Rule = { Not: always };

function comparison({ operator }: Comparison, left: Side, right: Side): Rule {
  return operator === '!=' ? { Not: compared('==', left, right) } : compared(operator, left, right);
}

type Order = Exclude<ComparisonOperator, '!='>;

const flipped: Readonly<Record<Order, Order>> = { '==': '==', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

function compared(operator: Order, left: Side, right: Side): Rule {
  if ('value' in left) {
    return 'value' in right
      ? literals(operator, left.value, right.value)
      : compared(flipped[operator], right, left);
  }
  if ('value' in right && right.value === null) return operator === '==' ? isNothing(left) : never;
  // Lists and objects equal nothing but themselves.
  if (operator === '==' && 'path' in right && right.path === left.path) return always;
  const rules = familiesOf(left, right, operator).map((family) => test(family, operator, left, right));
  const areNothing = operator === '==' && !('value' in right) && mayBeNothing(left) && mayBeNothing(right);
  return anyOf(areNothing ? [...rules, allOf([isNothing(left), isNothing(right)])] : rules);
}

/** `check` refuses such a comparison; one that a program made is still right. */
function literals(operator: Order, left: LiteralValue, right: LiteralValue): Rule {
  return fixed(operator, left, right) ? always : never;
}

function fixed(operator: Order, left: LiteralValue, right: LiteralValue): boolean {
  if (operator === '==') return left === right;
  const isOrdered = typeof left === 'number' || typeof left === 'string';
  if (!isOrdered || typeof left !== typeof right || right === null) return false;
  return { '<': left < right, '<=': left <= right, '>': left > right, '>=': left >= right }[operator];
}

/** How ASL compares: each with operators of its own. */
type Family = 'Numeric' | 'String' | 'Boolean' | 'Timestamp';

const operators: Readonly<Record<Order, string>> = {
  '==': 'Equals',
  '<': 'LessThan',
  '<=': 'LessThanEquals',
  '>': 'GreaterThan',
  '>=': 'GreaterThanEquals',
};

const isOfFamily: Readonly<Record<Family, string>> = {
  Numeric: 'IsNumeric',
  String: 'IsString',
  Boolean: 'IsBoolean',
  Timestamp: 'IsTimestamp',
};

function familiesOf(left: Read, right: Side, operator: Order): readonly Family[] {
  const one = familyOf(left.type, right);
  const other = 'value' in right ? familyOfLiteral(right.value, left.type) : familyOf(right.type, left);
  if (one && other) return one === other ? [one] : [];
  if (one ?? other) return [one ?? other].flatMap((family) => family ?? []);
  return operator === '==' ? ['Numeric', 'String', 'Boolean'] : ['Numeric', 'String'];
}

function familyOf(type: ValueType, other: Side): Family | undefined {
  if (type.is === 'number') return 'Numeric';
  if (type.is === 'boolean') return 'Boolean';
  if (type.is === 'moment') return 'Timestamp';
  if (type.is === 'text') return 'type' in other && other.type.is === 'moment' ? 'Timestamp' : 'String';
  return undefined;
}

function familyOfLiteral(value: LiteralValue, other: ValueType): Family {
  if (typeof value === 'number') return 'Numeric';
  if (typeof value === 'boolean') return 'Boolean';
  return other.is === 'moment' ? 'Timestamp' : 'String';
}

function test(family: Family, operator: Order, left: Read, right: Side): Rule {
  const name = `${family}${operators[operator]}`;
  if ('value' in right) {
    const value = family === 'Timestamp' ? timestamp(right.value) : right.value;
    return allOf([...guards(left, family), { Variable: left.path, [name]: value }]);
  }
  const both = [...guards(left, family), ...guards(right, family)];
  return allOf([...both, { Variable: left.path, [`${name}Path`]: right.path }]);
}

/** With seconds, as RFC 3339 wants them. */
function timestamp(value: LiteralValue): LiteralValue {
  const instant = typeof value === 'string' ? instantOf(value) : undefined;
  return instant === undefined ? value : new Date(instant).toISOString();
}

/** A moment may be null. */
const certainFamilies: Readonly<Record<ValueType['is'], Family | undefined>> = {
  number: 'Numeric',
  text: 'String',
  boolean: 'Boolean',
  moment: undefined,
  unknown: undefined,
  null: undefined,
};

/** That the value is there and of the family, where that is not certain. */
function guards({ path, type, optional }: Read, family: Family): readonly Rule[] {
  const present = optional ? [{ Variable: path, IsPresent: true }] : [];
  const isCertain = !optional && certainFamilies[type.is] === family;
  return isCertain ? [] : [...present, { Variable: path, [isOfFamily[family]]: true }];
}

function mayBeNothing({ type, optional }: Read): boolean {
  return optional || type.is === 'moment' || type.is === 'unknown';
}

/** Absent or null. */
function isNothing({ path, optional }: Read): Rule {
  const isNull = { Variable: path, IsNull: true };
  return optional ? { Or: [{ Not: { Variable: path, IsPresent: true } }, isNull] } : isNull;
}

function allOf(rules: readonly Rule[]): Rule {
  return rules.length === 1 && rules[0] ? rules[0] : { And: rules };
}

function anyOf(rules: readonly Rule[]): Rule {
  if (rules.length === 0) return never;
  return rules.length === 1 && rules[0] ? rules[0] : { Or: rules };
}
