import { ESCAPED, WIDE } from '../../values/attribute-rows.js';
import { type CellWriter, copyBytes, DECLINED } from './cell-writer.js';
import { fieldsOfMembers, textBounds } from './fit-text.js';
import type { TableColumn } from './schema.js';

const QUOTE = 0x22;
const SPACE = 0x20;
const BACKSLASH = 0x5c;

/** The writer of text for the column; undefined where it has none. */
export function textWriter(column: TableColumn): CellWriter | undefined {
  if (column.dataType === 'enum' && !column.json) return memberWriter(fieldsOfMembers(column));
  const bounds = textBounds(column);
  if (bounds === undefined) return undefined;
  const { safeUnits, strips, takesAll } = bounds;
  return (source, start, end, flags, target, at) => {
    // Bytes are never fewer than units of UTF-16, and escapes are longer than what they stand for.
    if (end - start > safeUnits || ((flags & WIDE) !== 0 && !takesAll)) return DECLINED;
    if (strips && end > start && source[end - 1] === SPACE) return DECLINED;
    target[at] = QUOTE;
    const close =
      (flags & ESCAPED) === 0
        ? copyBytes(source, start, end, target, at + 1)
        : copyEscaped(source, start, end, target, at + 1);
    if (close === DECLINED) return DECLINED;
    target[close] = QUOTE;
    return close + 1;
  };
}

/** What a letter after a backslash stands for, by its code; 0 for `u` and all that is no escape. */
const meanings = new Uint8Array(256);
for (const [letter, meaning] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  meanings[(letter as string).charCodeAt(0)] = (meaning as string).charCodeAt(0);
}

/** LOAD DATA's dialect escapes quotes and backslashes as JSON does, and takes control characters as they are. */
function copyEscaped(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let to = at;
  for (let from = start; from < end; from++) {
    const code = source[from] as number;
    if (code !== BACKSLASH) {
      target[to++] = code;
      continue;
    }
    const meaning = meanings[source[++from] as number] as number;
    if (meaning === 0) return DECLINED;
    if (meaning === QUOTE || meaning === BACKSLASH) target[to++] = BACKSLASH;
    target[to++] = meaning;
  }
  return to;
}

/** More members than this are not gone through for each cell. */
const MAX_MEMBERS = 32;

/** A member of an ENUM that JSON and LOAD DATA spell alike. */
function memberWriter(fields: ReadonlyMap<string, string>): CellWriter | undefined {
  if (fields.size > MAX_MEMBERS) return undefined;
  const members = [...fields.keys()].map((member) => Buffer.from(member));
  return (source, start, end, flags, target, at) => {
    if (flags !== 0) return DECLINED;
    for (const member of members) {
      if (!isThere(member, source, start, end)) continue;
      target[at] = QUOTE;
      const close = copyBytes(source, start, end, target, at + 1);
      target[close] = QUOTE;
      return close + 1;
    }
    return DECLINED;
  };
}

function isThere(member: Uint8Array, source: Uint8Array, start: number, end: number): boolean {
  if (member.length !== end - start) return false;
  for (let index = 0; index < member.length; index++) {
    if (member[index] !== source[start + index]) return false;
  }
  return true;
}
