import { SluiceError } from '../../errors.js';
import type { Column } from '../../values/column.js';
import type { Context, FoundRow, KeyValues, Stretch } from '../connector.js';
import { quoteIdentifier, quoteText } from './identifier.js';
import { parseKeyCells } from './source-key.js';
import { parseRange } from './source-parts.js';
import { readPart } from './source-read.js';
import type { Sessions } from './source-sessions.js';
import type { SourceShape } from './source-shape.js';
import type { KeyRange } from './source-sql.js';

interface Finder {
  readonly shape: SourceShape;
  readonly sessions: Sessions;
  readonly context: Context;
}

/** The row with these values, read as a copy reads it; the server compares, so that collations decide. */
export async function findRow(
  finder: Finder,
  key: KeyValues,
  within: Stretch | undefined,
): Promise<FoundRow | undefined> {
  const { shape } = finder;
  const condition = Object.entries(key)
    .map(([name, value]) => equals(shape, name, value))
    .join(' AND ');
  const found = await firstRow(finder, { ...rangeOf(shape, within), condition });
  const { origin } = shape;
  if (found || within !== undefined || origin.kind === 'query' || origin.where === undefined) return found;
  const whole = { ...shape, origin: { ...origin, where: undefined } };
  const outside = await firstRow({ ...finder, shape: whole }, { condition });
  return outside && { ...outside, leftOut: '`where` leaves it out' };
}

function rangeOf(shape: SourceShape, within: Stretch | undefined): KeyRange {
  if (within === undefined) return {};
  const { part, after, through } = within;
  return {
    ...parseRange(part.range),
    ...(after === undefined ? {} : { after: parseKeyCells(after, shape.key) }),
    ...(through === undefined ? {} : { upTo: parseKeyCells(through, shape.key) }),
  };
}

async function firstRow(finder: Finder, range: KeyRange): Promise<FoundRow | undefined> {
  const { origin } = finder.shape;
  const shape =
    origin.kind === 'query' ? { ...finder.shape, origin: { ...origin, wrapped: true } } : finder.shape;
  const request = { maxRows: 1, maxBytes: Number.MAX_SAFE_INTEGER, atMost: 1 };
  for await (const batch of readPart({ ...finder, shape, range, request, onBreak: () => undefined })) {
    return { batch };
  }
  return undefined;
}

/** More digits than any column holds. */
const MAX_DIGITS = 400;
const wholeForm = /^-?\d+$/;
const pointForm = /^-?\d+(\.\d+)?$/;
const floatForm = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const timeForm = /^-?[\d: .-]+$/;

function equals(shape: SourceShape, name: string, value: string | Uint8Array): string {
  const column = shape.columns.find((candidate) => candidate.column.name === name)?.column;
  if (!column) throw unfit(name, 'the rows have no such column');
  const isBit = shape.table?.columns.some((one) => one.name === name && one.dataType === 'bit') === true;
  return `${quoteIdentifier(name)} = ${literal(column, value, isBit)}`;
}

function literal(column: Column, value: string | Uint8Array, isBit: boolean): string {
  if (column.type === 'bytes') {
    if (typeof value === 'string') throw unfit(column.name, 'the column holds bytes', 'write them as 0x0a1b');
    const digits = Buffer.from(value).toString('hex');
    return isBit ? String(BigInt(`0x0${digits}`)) : `x'${digits}'`;
  }
  if (typeof value !== 'string') throw unfit(column.name, 'the column does not hold bytes');
  switch (column.type) {
    case 'int':
      return formed(column, value, wholeForm, 'an integer');
    case 'decimal':
      return formed(column, value, pointForm, 'a decimal number');
    case 'float': {
      const number = formed(column, value, floatForm, 'a number');
      return /e/i.test(number) ? number : `${number}e0`;
    }
    case 'date':
    case 'time':
    case 'datetime':
    case 'timestamp':
      return `'${formed(column, value.replace('T', ' ').replace(/Z$/, ''), timeForm, `a ${column.type}`)}'`;
    default:
      return quoteText(value);
  }
}

function formed({ name }: Column, value: string, form: RegExp, wanted: string): string {
  if (form.test(value) && value.length <= MAX_DIGITS) return value;
  throw unfit(name, `the value for it is not ${wanted}`);
}

function unfit(column: string, why: string, hint?: string): SluiceError {
  return new SluiceError('key_unfit', `column ${column}: ${why}`, hint === undefined ? {} : { hint });
}
