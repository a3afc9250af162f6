import { SluiceError } from '../../errors.js';
import type { Attribute } from '../../values/cell.js';

/** A value as a declaration spells it. */
export type Scalar = string | number | bigint | boolean | null | { readonly N: string };

/** Names in expressions, each replaced by a placeholder, so that reserved words and odd names just work. */
export class NamePlaceholders {
  readonly #placeholders = new Map<string, string>();

  of(name: string): string {
    const known = this.#placeholders.get(name);
    if (known !== undefined) return known;
    const placeholder = `#n${this.#placeholders.size}`;
    this.#placeholders.set(name, placeholder);
    return placeholder;
  }

  /** ExpressionAttributeNames; undefined when there are none, since DynamoDB refuses an empty map. */
  names(): Record<string, string> | undefined {
    if (this.#placeholders.size === 0) return undefined;
    return Object.fromEntries([...this.#placeholders].map(([name, placeholder]) => [placeholder, name]));
  }
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html */
const operators = new Set(['AND', 'OR', 'NOT', 'BETWEEN', 'IN']);
const functions = new Set([
  'attribute_exists',
  'attribute_not_exists',
  'attribute_type',
  'begins_with',
  'contains',
  'size',
]);

const token = /:\w+|#([\w-]+)|([A-Za-z_]\w*)(?=(\s*\()?)/g;

/**
 * A FilterExpression whose attribute names are placeholders: bare names, reserved or not, and `#name` alike;
 * functions, operators and `:values` stay.
 */
export function placeholderExpression(expression: string, names: NamePlaceholders): string {
  return expression.replace(token, (text: string, marked?: string, bare?: string, call?: string) => {
    if (marked !== undefined) return names.of(marked);
    if (bare === undefined || operators.has(bare.toUpperCase())) return text;
    return call !== undefined && functions.has(bare) ? text : names.of(bare);
  });
}

/** Values of a filter: each must be used, and each used must be there. */
export function filterValues(
  expression: string,
  values: Readonly<Record<string, Scalar>>,
): Record<string, Attribute> {
  const used = new Set(expression.match(/:\w+/g) ?? []);
  const given = new Set(Object.keys(values));
  const missing = [...used].filter((name) => !given.has(name));
  const unused = [...given].filter((name) => !used.has(name));
  if (missing.length > 0 || unused.length > 0) {
    const what =
      missing.length > 0 ? `${missing.join(', ')} has no value` : `${unused.join(', ')} is not used`;
    throw new SluiceError('declaration_invalid', `the filter and its values do not fit: ${what}`, {
      path: 'from.values',
    });
  }
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, scalarAttribute(value)]));
}

function scalarAttribute(value: Scalar): Attribute {
  if (value === null) return { NULL: true };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'object') return { N: value.N };
  return typeof value === 'string' ? { S: value } : { N: String(value) };
}
