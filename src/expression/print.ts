import type { Expression, LiteralValue, Operand } from './expression.js';

/** The expression as text that parses to the same. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'comparison':
      return `${operand(expression.left)} ${expression.operator} ${operand(expression.right)}`;
    case 'in':
      return `${operand(expression.left)} in [${expression.list.map(({ value }) => literal(value)).join(', ')}]`;
    case 'not':
      return `!${needsParentheses(expression.of) ? `(${printExpression(expression.of)})` : printExpression(expression.of)}`;
    case 'and':
    case 'or':
      return expression.of
        .map((part) => {
          const isWhole = part.kind === 'or' || part.kind === expression.kind;
          return isWhole ? `(${printExpression(part)})` : printExpression(part);
        })
        .join(expression.kind === 'and' ? ' && ' : ' || ');
    default:
      return operand(expression);
  }
}

function needsParentheses({ kind }: Expression): boolean {
  return kind === 'comparison' || kind === 'in' || kind === 'and' || kind === 'or';
}

function operand(value: Operand): string {
  if (value.kind === 'literal') return literal(value.value);
  if (value.kind === 'firing') return `firing.${value.field}`;
  return `steps[${quoted(value.step)}]${value.path.map(part).join('')}`;
}

function part(name: string | number): string {
  if (typeof name === 'number') return `[${name}]`;
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? `.${name}` : `[${quoted(name)}]`;
}

function literal(value: LiteralValue): string {
  return typeof value === 'string' ? quoted(value) : String(value);
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
