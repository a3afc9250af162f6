import type { Attribute, Cell, Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { attributeType, base64, encoder, quotedText, stringOf, type Value } from './encode.js';
import { keyNumber, numberProblem } from './numbers.js';
import type { Problem } from './problem.js';

export type KeyType = 'S' | 'N' | 'B';

/** One of a table's one or two key attributes. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: KeyType;
  readonly role: 'partition' | 'sort';
}

/** A key attribute, and the incoming columns that it is made of: itself, or several joined by `#`. */
export interface KeySource extends KeyAttribute {
  readonly columns: readonly string[];
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_BYTES = { partition: 2048, sort: 1024 } as const;

/**
 * The key of a row as JSON text without braces: `"id":{"N":"1"}`. Numbers have one spelling, so that rows meet
 * in DynamoDB exactly if their texts are equal: for duplicates, unprocessed items and mirror's digests.
 */
export type KeyOf = (row: Row) => string | Problem;

/** Compiles the key of rows with these columns. */
export function keyOf(columns: readonly Column[], sources: readonly KeySource[]): KeyOf {
  const parts = sources.map((source) => ({
    prefix: `${JSON.stringify(source.name)}:`,
    value: source.columns.length === 1 ? singleValue(columns, source) : joinedValue(columns, source),
  }));
  const [first, second] = parts;
  if (!first) throw new RangeError('a DynamoDB table has a key');
  return (row) => {
    const partition = first.value(row);
    if (typeof partition !== 'string') return partition;
    if (!second) return first.prefix + partition;
    const sort = second.value(row);
    if (typeof sort !== 'string') return sort;
    return `${first.prefix}${partition},${second.prefix}${sort}`;
  };
}

/** The key of an item as DynamoDB returned it, in the same spelling as `keyOf`; undefined if it is not whole. */
export function keyOfItem(
  item: Readonly<Record<string, Attribute>>,
  key: readonly KeyAttribute[],
): string | undefined {
  return keyOfAttributes(key, (name) => (Object.hasOwn(item, name) ? item[name] : undefined));
}

/** The same of an item whose attributes are asked for by name. */
export function keyOfAttributes(
  key: readonly KeyAttribute[],
  attributeOf: (name: string) => Attribute | undefined,
): string | undefined {
  let whole = '';
  for (const { name } of key) {
    const text = keyText(attributeOf(name));
    if (text === undefined) return undefined;
    whole += `${whole === '' ? '' : ','}${JSON.stringify(name)}:${text}`;
  }
  return whole;
}

function keyText(attribute: Attribute | undefined): string | undefined {
  if (attribute === undefined) return undefined;
  if ('S' in attribute) return `{"S":${JSON.stringify(attribute.S)}}`;
  if ('N' in attribute) return `{"N":"${keyNumber(attribute.N)}"}`;
  if ('B' in attribute) return `{"B":"${Buffer.from(attribute.B, 'base64').toString('base64')}"}`;
  return undefined;
}

type PartOf = (row: Row) => string | Problem;

function empty(column: string): Problem {
  return { code: 'key_empty', message: `the key column ${column} is empty, NULL or absent`, column };
}

function singleValue(columns: readonly Column[], source: KeySource): PartOf {
  const name = source.columns[0] ?? source.name;
  const index = columns.findIndex((column) => column.name === name);
  const column = columns[index];
  if (!column) return () => empty(name);
  const convert = column.type === 'attribute' ? attributeKey(source) : columnKey(column, source.type);
  const tooLong = lengthCheck(source, name);
  return (row) => {
    const cell = row[index];
    if (isEmpty(cell)) return empty(name);
    const text = convert(cell);
    if (typeof text !== 'string') return { ...text, column: name };
    return tooLong(text) ?? text;
  };
}

function isEmpty(cell: Cell): cell is null | undefined | '' {
  if (cell === null || cell === undefined || cell === '') return true;
  if (typeof cell !== 'object') return false;
  if (cell instanceof Uint8Array) return cell.byteLength === 0;
  return 'NULL' in cell || ('S' in cell && cell.S === '') || ('B' in cell && cell.B === '');
}

function columnKey(column: Column, type: KeyType): (cell: Value) => string | Problem {
  if (type === 'S') {
    const form = stringOf(column);
    return (cell) => quotedText(form(cell as string));
  }
  if (type === 'B') return (cell) => `{"B":"${base64(cell as Uint8Array)}"}`;
  const encode = encoder(column);
  return (cell) => {
    const text = encode(cell);
    return typeof text === 'string' ? `{"N":"${keyNumber(cell as string)}"}` : text;
  };
}

function attributeKey(source: KeySource): (cell: Value) => string | Problem {
  const wrong: Problem = {
    code: 'value_type',
    message: `the table's ${source.role} key is of type ${source.type}`,
  };
  return (cell) => {
    if (typeof cell !== 'object' || cell instanceof Uint8Array || !(source.type in cell)) return wrong;
    if ('N' in cell) {
      const problem = numberProblem(cell.N);
      if (problem) return problem;
    }
    return keyText(cell) ?? wrong;
  };
}

/** Key values are short: JSON text that cannot be over the limit is not measured. */
function lengthCheck(source: KeySource, column: string): (json: string) => Problem | undefined {
  const maxBytes = MAX_BYTES[source.role];
  const tooLong: Problem = {
    code: 'key_too_long',
    message: `the ${source.role} key ${source.name} is longer than ${maxBytes} bytes`,
    column,
  };
  return (json) => {
    if (source.type === 'N' || json.length * 3 <= maxBytes) return undefined;
    const value = (JSON.parse(json) as Record<string, string>)[source.type] ?? '';
    return Buffer.byteLength(value, source.type === 'B' ? 'base64' : 'utf8') > maxBytes ? tooLong : undefined;
  };
}

/** Values joined by `#`; `\` and `#` inside them are escaped, so that different values never join to the same text. */
function joinedValue(columns: readonly Column[], source: KeySource): PartOf {
  const parts = source.columns.map((name) => joinPart(columns, name));
  const tooLong = lengthCheck(source, source.columns.join(', '));
  return (row) => {
    let joined = '';
    for (const [place, part] of parts.entries()) {
      const text = part(row);
      if (typeof text !== 'string') return text;
      joined += place === 0 ? text : `#${text}`;
    }
    const json = quotedText(joined);
    if (typeof json !== 'string') return json;
    return tooLong(json) ?? json;
  };
}

function joinPart(columns: readonly Column[], name: string): PartOf {
  const index = columns.findIndex((column) => column.name === name);
  const column = columns[index];
  if (!column) return () => empty(name);
  const plain = column.type === 'attribute' ? attributeText : plainText(column);
  return (row) => {
    const cell = row[index];
    if (isEmpty(cell)) return empty(name);
    const text = plain(cell);
    if (typeof text !== 'string') return { ...text, column: name };
    return text.includes('#') || text.includes('\\') ? text.replace(/[\\#]/g, '\\$&') : text;
  };
}

function plainText(column: Column): (cell: Value) => string | Problem {
  const form = stringOf(column);
  if (attributeType(column) !== 'N') return (cell) => form(cell as string);
  return (cell) => numberProblem(cell as string) ?? keyNumber(cell as string);
}

function attributeText(cell: Value): string | Problem {
  if (typeof cell === 'object' && 'S' in cell) return cell.S;
  if (typeof cell === 'object' && 'N' in cell) return numberProblem(cell.N) ?? keyNumber(cell.N);
  return { code: 'value_type', message: 'only texts and numbers can be joined to a key' };
}
