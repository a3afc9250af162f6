import type { ExpressionMistake } from './expression.js';

/** A word or sign of an expression. `end` is a token of its own, behind the last. */
export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'sign' | 'end';
  /** As it is written; of a text what it says. */
  readonly text: string;
  /** Its first character, from 0. */
  readonly at: number;
}

/** Ends parsing at the first mistake; does not leave this folder. */
export class Mistaken extends Error {
  readonly mistake: ExpressionMistake;

  constructor(at: number, message: string, hint?: string) {
    super(message);
    this.mistake = { at, message, ...(hint === undefined ? {} : { hint }) };
  }
}

/** Signs of other languages with what they are here. */
const foreignSigns: Readonly<Record<string, string>> = {
  '===': '==',
  '!==': '!=',
  '=': '==',
  '<>': '!=',
  '&': '&&',
  '|': '||',
};

/** Words begin with a letter; a - in them belongs to them, since there is no arithmetic. */
const forms: readonly (readonly [Token['kind'], RegExp])[] = [
  ['number', /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![A-Za-z0-9_.])/y],
  ['word', /[A-Za-z_][A-Za-z0-9_-]*/y],
  ['sign', /===|!==|<>|==|!=|<=|>=|&&|\|\||[<>!()[\].,=&|]/y],
];

/** The tokens of an expression; throws `Mistaken` where there is none. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at++;
    if (at >= text.length) return [...tokens, { kind: 'end', text: '', at }];
    const quote = text[at];
    const { token, next } = quote === "'" || quote === '"' ? textAt(text, at, quote) : plainAt(text, at);
    tokens.push(token);
    at = next;
  }
}

function plainAt(text: string, at: number): { token: Token; next: number } {
  for (const [kind, form] of forms) {
    form.lastIndex = at;
    const found = form.exec(text)?.[0];
    if (found === undefined) continue;
    const right = kind === 'sign' ? foreignSigns[found] : undefined;
    if (right !== undefined) throw new Mistaken(at, `unknown operator ${found}; did you mean ${right}?`);
    return { token: { kind, text: found, at }, next: at + found.length };
  }
  const sign = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (/\d/.test(sign)) throw new Mistaken(at, 'not a number', 'numbers look like 5, -5 or 0.5');
  const hint = /[-+*/%]/.test(sign) ? 'there is no arithmetic here: compare with a number' : undefined;
  throw new Mistaken(at, `unexpected ${JSON.stringify(sign)}`, hint);
}

/** A text between quotes. A backslash stands before a quote or a backslash that is part of it. */
function textAt(text: string, start: number, quote: string): { token: Token; next: number } {
  let said = '';
  for (let at = start + 1; at < text.length; at++) {
    const sign = text[at];
    if (sign === quote) return { token: { kind: 'text', text: said, at: start }, next: at + 1 };
    if (sign === '\\') {
      at++;
      const escaped = text[at];
      if (escaped === undefined || !/['"\\]/.test(escaped))
        throw new Mistaken(at - 1, 'unknown escape', String.raw`only \' \" and \\ are known`);
      said += escaped;
    } else said += sign;
  }
  throw new Mistaken(start, 'the text has no end', `close it with ${quote}`);
}
