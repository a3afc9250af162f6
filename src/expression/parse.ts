import {
  type ComparisonOperator,
  comparisonOperators,
  type Expression,
  type ExpressionMistake,
  type FiringReference,
  firingFields,
  type Literal,
  type Operand,
  type Reference,
  type StepReference,
} from './expression.js';
import { Mistaken, type Token, tokensOf } from './tokens.js';

/** Longer ones belong into a call. */
const MAX_LENGTH = 1000;
const MAX_DEPTH = 32;

export type Parsed<T> =
  | {
      readonly expression: T;
      /** Where a node of it begins: the character, from 0. */
      at(node: Expression): number;
    }
  | { readonly mistake: ExpressionMistake };

/** Reads a condition. Never throws: what is not one is a mistake. */
export function parseExpression(text: string): Parsed<Expression> {
  return parsed(text, (parser) => parser.whole(() => parser.or(0)));
}

/** Reads one reference and nothing else, as a value of `input` is. */
export function parseReference(text: string): Parsed<Reference> {
  return parsed(text, (parser) => parser.whole(() => parser.reference()));
}

function parsed<T extends Expression>(text: string, parse: (parser: Parser) => T): Parsed<T> {
  try {
    if (text.length > MAX_LENGTH) throw new Mistaken(MAX_LENGTH, `longer than ${MAX_LENGTH} characters`);
    const parser = new Parser(tokensOf(text));
    const expression = parse(parser);
    return { expression, at: (node) => parser.places.get(node) ?? 0 };
  } catch (error) {
    if (error instanceof Mistaken) return { mistake: error.mistake };
    throw error;
  }
}

class Parser {
  /** Where each node begins. */
  readonly places = new WeakMap<Expression, number>();
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole<T>(parse: () => T): T {
    const result = parse();
    const rest = this.#peek();
    if (rest.kind !== 'end') throw unexpected(rest, 'the end');
    return result;
  }

  or(depth: number): Expression {
    return this.#chain('||', 'or', () => this.#chain('&&', 'and', () => this.#unary(depth)));
  }

  #chain(sign: string, kind: 'and' | 'or', part: () => Expression): Expression {
    const { at } = this.#peek();
    const first = part();
    const of = [first];
    while (this.#take(sign)) of.push(part());
    return of.length === 1 ? first : this.#node(at, { kind, of: Object.freeze(of) });
  }

  #unary(depth: number): Expression {
    const { at } = this.#peek();
    if (depth > MAX_DEPTH) throw new Mistaken(at, `nested deeper than ${MAX_DEPTH} levels`);
    if (this.#take('!')) {
      const of = this.#negated(depth + 1);
      return this.#node(at, { kind: 'not', of });
    }
    if (!this.#take('(')) return this.#condition();
    const inside = this.or(depth + 1);
    this.#expect(')');
    if (this.#comparisonSign()) throw comparedCondition(this.#peek());
    return inside;
  }

  /** `!` binds tighter than a comparison in some languages and not in others: here it must be said. */
  #negated(depth: number): Expression {
    if (this.#isNext('!') || this.#isNext('(')) return this.#unary(depth);
    const operand = this.#operand();
    if (this.#comparisonSign()) {
      throw new Mistaken(
        this.#peek().at,
        '! stands before a comparison',
        'put parentheses around it: !(a == b)',
      );
    }
    return operand;
  }

  #condition(): Expression {
    const { at } = this.#peek();
    const left = this.#operand();
    const operator = this.#comparisonSign();
    if (operator === undefined) return left;
    this.#next++;
    if (operator === 'in') return this.#node(at, { kind: 'in', left, list: this.#list() });
    if (this.#isNext('(')) throw comparedCondition(this.#peek());
    const right = this.#operand();
    if (this.#comparisonSign())
      throw new Mistaken(this.#peek().at, 'a comparison of a comparison', 'join two by &&');
    return this.#node(at, { kind: 'comparison', operator, left, right });
  }

  #comparisonSign(): ComparisonOperator | 'in' | undefined {
    const { kind, text } = this.#peek();
    if (kind === 'word' && text === 'in') return 'in';
    return kind === 'sign' ? comparisonOperators.find((operator) => operator === text) : undefined;
  }

  #list(): readonly Literal[] {
    this.#expect('[');
    const list = [this.#literal()];
    while (this.#take(',')) list.push(this.#literal());
    this.#expect(']');
    return Object.freeze(list);
  }

  #literal(): Literal {
    const token = this.#peek();
    const operand = this.#operand();
    if (operand.kind === 'literal') return operand;
    throw new Mistaken(token.at, 'a list holds numbers, texts, true, false and null only');
  }

  #operand(): Operand {
    const token = this.#peek();
    const { kind, text, at } = token;
    const value = literalOf(token);
    if (value !== undefined) {
      this.#next++;
      return this.#node(at, { kind: 'literal', value: value.value });
    }
    if (kind === 'word' && (text === 'steps' || text === 'firing')) return this.reference();
    if (kind === 'word') throw new Mistaken(at, `unknown name ${text}`, operandHint);
    throw unexpected(token, 'a value');
  }

  reference(): Reference {
    const token = this.#peek();
    if (token.kind === 'word' && token.text === 'steps') return this.#stepReference();
    if (token.kind === 'word' && token.text === 'firing') return this.#firingReference();
    throw unexpected(token, 'steps[…] or firing.…');
  }

  #stepReference(): StepReference {
    const { at } = this.#peek();
    this.#next++;
    const step = this.#part();
    const field = this.#part();
    if (typeof step !== 'string' || typeof field !== 'string')
      throw new Mistaken(at, 'steps have names, not numbers', "write steps['name'].written");
    const rest: (string | number)[] = [];
    while (['.', '['].includes(this.#peek().text) && this.#peek().kind === 'sign') rest.push(this.#part());
    return this.#node(at, { kind: 'step', step, path: Object.freeze([field, ...rest] as const) });
  }

  #firingReference(): FiringReference {
    const { at } = this.#peek();
    this.#next++;
    const place = this.#peek();
    const name = this.#part();
    const field = firingFields.find((each) => each === name);
    if (field === undefined)
      throw new Mistaken(place.at, `unknown field ${name} of firing`, `one of: ${firingFields.join(', ')}`);
    return this.#node(at, { kind: 'firing', field });
  }

  /** `.name`, `['name']` or `[0]`. */
  #part(): string | number {
    if (this.#take('.')) {
      const token = this.#peek();
      if (token.kind !== 'word') throw unexpected(token, 'a name');
      this.#next++;
      return token.text;
    }
    this.#expect('[', '. or [');
    const token = this.#peek();
    const isIndex = token.kind === 'number' && /^\d+$/.test(token.text);
    if (token.kind !== 'text' && !isIndex) throw unexpected(token, 'a name between quotes');
    this.#next++;
    this.#expect(']');
    return isIndex ? Number(token.text) : token.text;
  }

  #peek(): Token {
    // The last token is `end`, which nothing takes.
    return this.#tokens[this.#next] as Token;
  }

  /** A text between quotes is none, whatever it holds. */
  #isNext(sign: string): boolean {
    const { kind, text } = this.#peek();
    return kind === 'sign' && text === sign;
  }

  #take(sign: string): boolean {
    if (!this.#isNext(sign)) return false;
    this.#next++;
    return true;
  }

  #expect(sign: string, words = sign): void {
    if (!this.#take(sign)) throw unexpected(this.#peek(), words);
  }

  #node<T extends Expression>(at: number, node: T): T {
    this.places.set(node, at);
    return Object.freeze(node);
  }
}

const operandHint =
  "there are numbers, 'texts', true, false, null, steps['name'].written and firing.hour; a text stands between quotes";

const words: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

function literalOf({ kind, text, at }: Token): { readonly value: Literal['value'] } | undefined {
  if (kind === 'text') return { value: text };
  if (kind === 'word' && Object.hasOwn(words, text)) return { value: words[text] ?? null };
  if (kind !== 'number') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Mistaken(at, 'the number is too large');
  return { value: value === 0 ? 0 : value };
}

function unexpected({ kind, text, at }: Token, wanted: string): Mistaken {
  return new Mistaken(at, `expected ${wanted}, not ${kind === 'end' ? 'the end' : JSON.stringify(text)}`);
}

function comparedCondition({ at }: Token): Mistaken {
  return new Mistaken(at, 'only values are compared, not conditions', 'join conditions by && and ||');
}
