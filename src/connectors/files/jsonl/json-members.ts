/** A text is not one JSON object, or names a member twice. */
export class UnfitJson extends Error {
  override readonly name = 'UnfitJson';
}

/** A member of a JSON object. */
export interface JsonMember {
  readonly name: string;
  /** The value in the spelling that it came in. */
  readonly raw: string;
  /** What JSON.parse makes of it: no number of it is exact. */
  readonly value: unknown;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;

/** The members of an object, in their order. All of it is JSON that JSON.parse takes. @throws UnfitJson */
export function membersOf(text: string): readonly JsonMember[] {
  const at = new JsonCursor(text);
  const members = at.object();
  at.end();
  checkNames(members);
  return members;
}

/** The members of the object that is an object's only member, of this name; undefined where it is anything else. @throws UnfitJson */
export function innerMembersOf(text: string, name: string): readonly JsonMember[] | undefined {
  const at = new JsonCursor(text);
  const members = at.inner(name);
  if (members === undefined) return undefined;
  at.end();
  checkNames(members);
  return members;
}

function checkNames(members: readonly JsonMember[]): void {
  if (new Set(members.map(({ name }) => name)).size < members.length) {
    throw new UnfitJson('a name stands in it twice');
  }
}

/** The elements of a list, in the spelling that they came in. `text` is valid JSON. */
export function elementsOf(text: string): readonly string[] {
  return new JsonCursor(text).list();
}

/** What a valid JSON value is, by its first character. */
export function kindOf(raw: string): 'string' | 'object' | 'list' | 'true' | 'false' | 'null' | 'number' {
  switch (raw.charCodeAt(0)) {
    case QUOTE:
      return 'string';
    case OPEN_BRACE:
      return 'object';
    case OPEN_BRACKET:
      return 'list';
  }
  return raw === 'true' || raw === 'false' || raw === 'null' ? raw : 'number';
}

class JsonCursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  object(): JsonMember[] {
    const members: JsonMember[] = [];
    this.#expect(OPEN_BRACE);
    if (this.#passes(CLOSE_BRACE)) return members;
    do {
      const name = parsed(this.#rawValue());
      if (typeof name !== 'string') throw new UnfitJson('not JSON');
      this.#expect(COLON);
      const raw = this.#rawValue();
      members.push({ name, raw, value: parsed(raw) });
    } while (this.#passes(COMMA));
    this.#expect(CLOSE_BRACE);
    return members;
  }

  inner(name: string): JsonMember[] | undefined {
    this.#expect(OPEN_BRACE);
    if (this.#rawValue() !== JSON.stringify(name)) return undefined;
    this.#expect(COLON);
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== OPEN_BRACE) return undefined;
    const members = this.object();
    return this.#passes(CLOSE_BRACE) ? members : undefined;
  }

  list(): string[] {
    const elements: string[] = [];
    this.#expect(OPEN_BRACKET);
    if (this.#passes(CLOSE_BRACKET)) return elements;
    do elements.push(this.#rawValue());
    while (this.#passes(COMMA));
    this.#expect(CLOSE_BRACKET);
    return elements;
  }

  end(): void {
    this.#space();
    if (this.#at !== this.#text.length) throw new UnfitJson('text behind the object');
  }

  /** The next value as it is spelled; that it is valid is not certain. */
  #rawValue(): string {
    this.#space();
    const start = this.#at;
    const code = this.#text.charCodeAt(start);
    if (code === QUOTE) this.#string();
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) this.#nested();
    else this.#word();
    return this.#text.slice(start, this.#at);
  }

  #string(): void {
    for (let at = this.#at + 1; ; ) {
      const quote = this.#text.indexOf('"', at);
      if (quote === -1) throw new UnfitJson('not JSON: it ends inside of a text');
      let before = quote - 1;
      while (this.#text.charCodeAt(before) === BACKSLASH) before--;
      if ((quote - before) % 2 === 1) {
        this.#at = quote + 1;
        return;
      }
      at = quote + 1;
    }
  }

  #nested(): void {
    let depth = 0;
    do {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code)) throw new UnfitJson('not JSON: it ends inside of an object or list');
      if (code === QUOTE) {
        this.#string();
        continue;
      }
      if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
      else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
      this.#at++;
    } while (depth > 0);
  }

  #word(): void {
    word.lastIndex = this.#at;
    const found = word.exec(this.#text);
    if (!found) throw new UnfitJson('not JSON');
    this.#at = word.lastIndex;
  }

  #space(): void {
    for (let code = this.#text.charCodeAt(this.#at); code === 0x20 || (code >= 9 && code <= 13); ) {
      code = this.#text.charCodeAt(++this.#at);
    }
  }

  #passes(code: number): boolean {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }

  #expect(code: number): void {
    if (!this.#passes(code)) throw new UnfitJson('not JSON');
  }
}

/** Numbers, true, false and null. */
const word = /[-+.\w]+/y;

function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    throw new UnfitJson('not JSON');
  }
}
