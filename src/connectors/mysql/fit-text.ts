import { isIPv4, isIPv6 } from 'node:net';
import { enumError, type Fitted, misfit, type Takers, type TextFit } from './fit.js';
import type { TableColumn } from './schema.js';

const tooLong = misfit('value_too_long', 'the text is longer than the column');
const illFormed = misfit('value_type', 'the text holds half a character (a lone surrogate)');
const notInCharset = misfit('value_type', 'the text has a character that the column’s character set lacks');
const stripped = misfit('value_folds', 'CHAR would drop the spaces at the end');
const notMember = misfit('value_range', 'the text is not a member of the ENUM');
const notMembers = misfit('value_range', 'the text names something that is not a member of the SET');
const disordered = misfit('value_folds', 'the members are not in the order of the SET, or one comes twice');

/** Columns whose text is any text. */
export const textTypes: ReadonlySet<string> = new Set([
  'char',
  'varchar',
  'tinytext',
  'text',
  'mediumtext',
  'longtext',
  'json',
]);

/** Takers of the text types, ENUM and SET; undefined for any other column. */
export function textTakers(column: TableColumn): Takers | undefined {
  if (column.dataType === 'enum') return { text: enumFit(column) };
  if (column.dataType === 'set') return setTakers(column);
  const isForm = forms[column.dataType];
  if (isForm) return { text: formFit(isForm) };
  if (!textTypes.has(column.dataType)) return undefined;
  const text = textFit(column);
  return { text, number: text, date: text, datetime: text, time: text, timestamp: text, json: text };
}

/** What may not stand bare between quotes, or needs a closer look: quote, backslash, NUL, surrogates. */
const special = /["\\\0\ud800-\udfff]/;
const escaped = /["\\]/g;
const loneSurrogate = /\p{Surrogate}/u;
const supplementary = /[\u{10000}-\u{10ffff}]/u;

/** A quoted field; the text must be well-formed. */
export function quoteField(text: string): string {
  const quoted = text.replace(escaped, '\\$&');
  return `"${text.includes('\0') ? quoted.replaceAll('\0', '\\0') : quoted}"`;
}

/** Checks length in characters and bytes, and the character set, and quotes. */
export function textFit(column: TableColumn): TextFit {
  const fits = lengthCheck(column);
  const { safeUnits } = limits(column);
  const foreign = charsetCheck(column.charset);
  const strips = column.dataType === 'char';
  return (text) => {
    if (text.length > safeUnits && !fits(text)) return tooLong;
    if (strips && text.endsWith(' ')) return stripped;
    if (foreign?.(text)) return notInCharset;
    if (!special.test(text)) return `"${text}"`;
    return loneSurrogate.test(text) ? illFormed : quoteField(text);
  };
}

/** What can be told of a text column's texts without looking at each. */
export interface TextBounds {
  /** Texts of up to this many UTF-16 units fit whatever they hold. */
  readonly safeUnits: number;
  /** Spaces at the end are dropped. */
  readonly strips: boolean;
  /** No character is beyond the character set. */
  readonly takesAll: boolean;
}

/** Undefined for other columns than text. */
export function textBounds(column: TableColumn): TextBounds | undefined {
  if (column.json || !textTypes.has(column.dataType)) return undefined;
  return {
    safeUnits: limits(column).safeUnits,
    strips: column.dataType === 'char',
    takesAll: charsetCheck(column.charset) === undefined,
  };
}

interface Limits {
  readonly maxChars: number;
  readonly maxBytes: number;
  /** Texts of up to this many UTF-16 units fit whatever they hold. */
  readonly safeUnits: number;
}

/** CHAR and VARCHAR are bounded by characters, the TEXT types by bytes. */
function limits(column: TableColumn): Limits {
  const bounded = column.dataType === 'char' || column.dataType === 'varchar';
  const maxChars = bounded ? (column.maxChars ?? Infinity) : Infinity;
  const maxBytes = bounded ? Infinity : (column.maxBytes ?? Infinity);
  return { maxChars, maxBytes, safeUnits: Math.min(maxChars, Math.floor(maxBytes / 4)) };
}

function lengthCheck(column: TableColumn): (text: string) => boolean {
  const { maxChars, maxBytes } = limits(column);
  const bytesOf = byteCounter(column.charset);
  return (text) => {
    if (maxChars !== Infinity && characters(text) > maxChars) return false;
    return maxBytes === Infinity || bytesOf(text) <= maxBytes;
  };
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Bytes in the column's own character set; a lower bound for those we do not know, where the server checks. */
function byteCounter(charset: string | undefined): (text: string) => number {
  if (charset === undefined || charset.startsWith('utf8')) return (text) => Buffer.byteLength(text, 'utf8');
  if (charset === 'utf16' || charset === 'utf16le' || charset === 'ucs2') return (text) => 2 * text.length;
  if (charset === 'utf32') return (text) => 4 * characters(text);
  return characters;
}

/** MySQL's latin1 is cp1252 with the five holes filled. */
const latin1 = /^[\0-\x7f\x81\x8d\x8f\x90\x9d\xa0-\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]*$/;
const ascii = /^[\0-\x7f]*$/;

/** Says whether a text cannot be written in the character set; undefined where all can, or the server says it. */
function charsetCheck(charset: string | undefined): ((text: string) => boolean) | undefined {
  if (charset === 'utf8' || charset === 'utf8mb3' || charset === 'ucs2') {
    return (text) => supplementary.test(text);
  }
  if (charset === 'latin1') return (text) => !latin1.test(text);
  if (charset === 'ascii') return (text) => !ascii.test(text);
  return undefined;
}

const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ipv4InIpv6 = /^::(?:ffff:)?(?:\d+\.){3}\d+$/;

/** MariaDB's types that store a text in one spelling only. */
const forms: Readonly<Record<string, (text: string) => boolean>> = {
  uuid: (text) => uuidForm.test(text),
  inet4: (text) => isIPv4(text),
  inet6: (text) =>
    isIPv6(text) && (ipv4InIpv6.test(text) || new URL(`http://[${text}]`).hostname === `[${text}]`),
};

function formFit(isForm: (text: string) => boolean): TextFit {
  const wrong = misfit('value_type', 'the text is not of the form in which the column stores it');
  return (text) => (isForm(text) ? text : wrong);
}

/** A member must be equal to the last byte: MySQL itself would take '2' for the second and 'A' for 'a'. */
/** The members of an ENUM and how they are written. */
export function fieldsOfMembers(column: TableColumn): ReadonlyMap<string, string> {
  return new Map((column.members ?? []).map((member) => [member, quoteField(member)]));
}

function enumFit(column: TableColumn): TextFit {
  const fields = fieldsOfMembers(column);
  return (text) => fields.get(text) ?? (text === '' ? enumError : notMember);
}

function setTakers(column: TableColumn): Takers {
  const places = new Map((column.members ?? []).map((member, index) => [member, index]));
  const stringSet = (members: readonly string[]): Fitted => {
    const known = members.map((member) => places.get(member));
    if (!known.every((place) => place !== undefined)) return notMembers;
    const ordered = [...members].sort((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0));
    return quoteField(ordered.join(','));
  };
  const text = (cell: string): Fitted => {
    if (cell === '') return '""';
    const members = cell.split(',');
    for (const [index, member] of members.entries()) {
      const place = places.get(member);
      if (place === undefined) return notMembers;
      if (index > 0 && place <= (places.get(members[index - 1] ?? '') ?? -1)) return disordered;
    }
    return quoteField(cell);
  };
  return { text, stringSet };
}
