import type { Cell } from '../../values/cell.js';
import { parseDecimal, plainDecimal } from '../../values/decimal.js';
import { comparableJson } from './compare-json.js';
import { NULL_FIELD } from './fit.js';
import { hex, isBinary } from './fit-bytes.js';
import { quoteField } from './fit-text.js';
import { quoteText } from './identifier.js';
import type { TableColumn } from './schema.js';

/** The server gives the column its default: whatever is there is right. */
export const ABSENT_FIELD = '\\A';
/** A cell of the sink that its own column would not take. */
const RAW_PREFIX = '\\R';

/** From a field as it is loaded to the one that all fields share which the column stores alike. */
export type FieldSpelling = (field: string) => string;

/** `byValue`: JSON that was made of documents, whose order of members means nothing. */
export function fieldSpelling(column: TableColumn, byValue: boolean): FieldSpelling | undefined {
  const { dataType } = column;
  if (isBinary(column)) return hexField;
  if (dataType === 'float' || dataType === 'double') return doubleField;
  if (dataType === 'decimal') return decimalField;
  if (dataType === 'time') return trimmedField;
  if (dataType === 'datetime' || dataType === 'timestamp') return datetimeField;
  const isNative = dataType === 'json';
  if (isNative || byValue) return (field) => jsonField(field, isNative);
  return undefined;
}

/** Never empty, so that lines can be taken apart. */
function hexField(field: string): string {
  return field === NULL_FIELD ? field : `x${field}`;
}

function doubleField(field: string): string {
  return field === NULL_FIELD ? field : String(Number(field));
}

const plainForm = /^(?:0|-?(?:[1-9]\d*(?:\.\d+)?|0\.\d+))$/;

function decimalField(field: string): string {
  const trimmed = trimmedField(field);
  if (plainForm.test(trimmed)) return trimmed;
  const decimal = parseDecimal(trimmed);
  return decimal ? (plainDecimal(decimal, Math.max(0, -decimal.exponent)) ?? trimmed) : trimmed;
}

/** Zeros at the end of a fraction mean nothing. */
function trimmedField(field: string): string {
  if (!field.includes('.')) return field;
  let end = field.length;
  while (field.charCodeAt(end - 1) === 48) end--;
  return field.slice(0, field.charCodeAt(end - 1) === 46 ? end - 1 : end);
}

function datetimeField(field: string): string {
  const trimmed = trimmedField(field);
  return trimmed.charCodeAt(10) === 84 ? `${trimmed.slice(0, 10)} ${trimmed.slice(11)}` : trimmed;
}

function jsonField(field: string, isNative: boolean): string {
  const text = unquoted(field);
  return text === undefined ? field : quoteField(comparableJson(text, isNative));
}

/** The text in a quoted field; undefined for a bare one. */
function unquoted(field: string): string | undefined {
  if (!field.startsWith('"')) return undefined;
  return field
    .slice(1, -1)
    .replace(/\\(.)/gs, (_, character: string) => (character === '0' ? '\0' : character));
}

export function rawField(cell: Cell): string {
  const text = cell instanceof Uint8Array ? hex(cell) : String(cell);
  return RAW_PREFIX + quoteField(text);
}

const fieldForm = /(?:\\R)?"(?:[^"\\]|\\.)*"|[^,]+/gs;

/** The fields that were joined by commas. */
export function fieldsOf(line: string): readonly string[] {
  return line.match(fieldForm) ?? [];
}

/** For people. */
export function shownField(field: string): string {
  if (field === NULL_FIELD) return 'NULL';
  return unquoted(field.startsWith(RAW_PREFIX) ? field.slice(RAW_PREFIX.length) : field) ?? field;
}

const bareForm = /^[-+.:\w ]+$/;
const hexForm = /^x([0-9a-f]*)$/;
const floats = new Set(['float', 'double']);
const numbers = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'year']);

/** The condition that a key column holds exactly this, spelled so that its index serves; undefined for a field that is none. */
export function fieldCondition(column: TableColumn, name: string, field: string): string | undefined {
  const text = unquoted(field);
  if (text !== undefined) {
    const literal = quoteText(text);
    if (column.charset === undefined || column.members) return `${name} = ${literal}`;
    const bytes = `x'${Buffer.from(text, 'utf8').toString('hex')}'`;
    return `${name} = ${literal} AND CAST(CONVERT(${name} USING utf8mb4) AS BINARY) = ${bytes}`;
  }
  if (isBinary(column)) {
    const digits = hexForm.exec(field)?.[1];
    if (digits === undefined) return undefined;
    return column.dataType === 'bit' ? `${name} = ${BigInt(`0x0${digits}`)}` : `${name} = x'${digits}'`;
  }
  if (!bareForm.test(field)) return undefined;
  if (floats.has(column.dataType)) return `${name} = ${field.includes('e') ? field : `${field}e0`}`;
  return numbers.has(column.dataType) ? `${name} = ${field}` : `${name} = '${field}'`;
}
