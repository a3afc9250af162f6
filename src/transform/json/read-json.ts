import type { Attribute } from '../../values/cell.js';
import { type Decimal, parseDecimal } from '../../values/decimal.js';

/** Levels of lists and maps that a document may have: those of DynamoDB. */
export const MAX_DEPTH = 32;

/** What DynamoDB's numbers hold: docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
const MAX_DIGITS = 38;
const MAX_POWER = 125;
const MIN_POWER = -130;

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const space = /[ \t\n\r]*/y;
const plainInteger = /^(?:0|-?[1-9]\d{0,37})$/;
const unpaired = /\p{Surrogate}/u;
/** Of an escape, or of one that a text may not hold unescaped. */
const special = /\\|\p{Cc}/u;

/** Why a text is no document. The message holds nothing of the text (invariant 8). */
export class JsonFault extends Error {
  /** The character at which it is no JSON, from 0. */
  readonly at: number | undefined;

  constructor(message: string, at?: number) {
    super(message);
    this.at = at;
  }
}

/**
 * JSON text as a DynamoDB document, exactly: numbers keep their digits. Throws JsonFault for what is not JSON, and for
 * what a document cannot hold as it is: a key twice, a number beyond DynamoDB's, more than `MAX_DEPTH` levels, half of a
 * surrogate pair.
 */
export function readJson(text: string, maxDepth = MAX_DEPTH): Attribute {
  return new JsonReader(text, maxDepth).document();
}

class JsonReader {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;
  #depth = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  document(): Attribute {
    const value = this.#value();
    if (this.#at < this.#text.length) throw notJson(this.#at);
    return value;
  }

  /** A value and the space around it. */
  #value(): Attribute {
    this.#skipSpace();
    const value = this.#bareValue();
    this.#skipSpace();
    return value;
  }

  #bareValue(): Attribute {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#nested(() => ({ M: this.#members() }));
      case '[':
        return this.#nested(() => ({ L: this.#elements() }));
      case '"':
        return { S: this.#string() };
      case 't':
        return this.#word('true', { BOOL: true });
      case 'f':
        return this.#word('false', { BOOL: false });
      case 'n':
        return this.#word('null', { NULL: true });
      default:
        return { N: this.#number() };
    }
  }

  #nested(read: () => Attribute): Attribute {
    if (++this.#depth > this.#maxDepth) throw new JsonFault(`nested deeper than ${this.#maxDepth} levels`);
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #members(): Record<string, Attribute> {
    const members = new Map<string, Attribute>();
    this.#skipSpace();
    if (this.#eats('}')) return {};
    do {
      this.#skipSpace();
      const name = this.#string();
      if (members.has(name)) throw new JsonFault('a key stands twice in one object');
      this.#skipSpace();
      if (!this.#eats(':')) throw notJson(this.#at);
      members.set(name, this.#value());
    } while (this.#eats(','));
    if (!this.#eats('}')) throw notJson(this.#at);
    // Makes own properties of all names, `__proto__` too.
    return Object.fromEntries(members);
  }

  #elements(): Attribute[] {
    const elements: Attribute[] = [];
    this.#skipSpace();
    if (this.#eats(']')) return elements;
    do elements.push(this.#value());
    while (this.#eats(','));
    if (!this.#eats(']')) throw notJson(this.#at);
    return elements;
  }

  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') throw notJson(start);
    let end = this.#text.indexOf('"', start + 1);
    while (end !== -1 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    if (end === -1) throw notJson(this.#text.length);
    this.#at = end + 1;
    const inner = this.#text.slice(start + 1, end);
    const string = special.test(inner) ? unescaped(this.#text.slice(start, end + 1), start) : inner;
    if (unpaired.test(string)) throw new JsonFault('half of a surrogate pair, which is no character');
    return string;
  }

  #isEscaped(quote: number): boolean {
    let before = quote - 1;
    while (this.#text[before] === '\\') before--;
    return (quote - before) % 2 === 0;
  }

  #word(word: string, value: Attribute): Attribute {
    if (!this.#text.startsWith(word, this.#at)) throw notJson(this.#at);
    this.#at += word.length;
    return value;
  }

  #number(): string {
    number.lastIndex = this.#at;
    const text = number.exec(this.#text)?.[0];
    if (text === undefined) throw notJson(this.#at);
    this.#at += text.length;
    const fault = numberFault(text);
    if (fault) throw new JsonFault(fault);
    return text;
  }

  #eats(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    space.lastIndex = this.#at;
    space.test(this.#text);
    this.#at = space.lastIndex;
  }
}

function notJson(at: number): JsonFault {
  return new JsonFault(`not JSON at character ${at + 1}`, at);
}

/** A string with its quotes, which may have escapes. */
function unescaped(quoted: string, start: number): string {
  try {
    return JSON.parse(quoted) as string;
  } catch (error) {
    if (error instanceof SyntaxError) throw notJson(start);
    throw error;
  }
}

function numberFault(text: string): string | undefined {
  if (plainInteger.test(text)) return undefined;
  const decimal = parseDecimal(text);
  return decimal ? decimalFault(decimal) : 'a number out of the range of DynamoDB';
}

function decimalFault({ digits, exponent }: Decimal): string | undefined {
  if (digits === '') return undefined;
  if (digits.length > MAX_DIGITS) return `a number of more than ${MAX_DIGITS} digits`;
  const power = digits.length + exponent - 1;
  return power > MAX_POWER || power < MIN_POWER ? 'a number out of the range of DynamoDB' : undefined;
}
