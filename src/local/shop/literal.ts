const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\b': '\\b',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x1a': '\\Z',
  "'": "\\'",
  '\\': '\\\\',
};

/** Text as MySQL reads it between quotes, without NO_BACKSLASH_ESCAPES. https://dev.mysql.com/doc/refman/8.4/en/string-literals.html */
export function text(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
  return `'${value.replaceAll(/[\0\b\n\r\t\x1a'\\]/g, (character) => escapes[character] ?? character)}'`;
}

/** Bytes, given as hexadecimal digits. */
export function bytes(hex: string): string {
  return `X'${hex}'`;
}

/** A geometry by its Well-Known Text. */
export function geometry(wellKnownText: string): string {
  return `ST_GeomFromText('${wellKnownText}')`;
}

export function two(value: number): string {
  return String(value).padStart(2, '0');
}
