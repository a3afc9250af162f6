import type { ErrorCode } from '../../../errors.js';
import type { Attribute, Cell, Row } from '../../../values/cell.js';
import type { Column, LogicalType } from '../../../values/column.js';
import { isAttribute } from '../attribute-form.js';
import { hasForm, spellings } from '../cell-form.js';
import { extracted } from './document.js';
import { elementsOf, type JsonMember, kindOf, membersOf, UnfitJson } from './json-members.js';

/** Why a line is no row. Messages hold no value (invariant 8). */
export class UnfitLine extends Error {
  override readonly name = 'UnfitLine';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The row of a line whose columns are known. @throws UnfitLine */
export function closedRow(members: readonly JsonMember[], columns: readonly Column[]): Row {
  const row: Row = columns.map(({ type }) => (type === 'attribute' ? undefined : null));
  for (const { name, raw } of members) {
    const index = columns.findIndex((column) => column.name === name);
    const column = columns[index];
    if (column === undefined) {
      throw new UnfitLine('attribute_unknown', 'a member is none of the columns');
    }
    row[index] = cellOf(raw, column);
  }
  return row;
}

function cellOf(raw: string, column: Column): Cell {
  const { name, type } = column;
  if (type === 'attribute') return attributeOf(raw);
  if (raw === 'null') return null;
  const cell = typedCell(raw, type);
  if (cell === undefined) throw new UnfitLine('value_type', `${name} is not ${spellings[type]}`);
  return cell;
}

/** Undefined where the value is not of the type. `raw` is valid JSON. */
function typedCell(raw: string, type: LogicalType): Cell {
  const kind = kindOf(raw);
  if (type === 'json') return extracted(raw);
  if (type === 'bool') return kind === 'true' || kind === 'false' ? kind === 'true' : undefined;
  const isNumber = type === 'int' || type === 'decimal' || type === 'float';
  if (kind === 'number') return isNumber && hasForm(type, raw) ? raw : undefined;
  if (kind !== 'string') return undefined;
  const text = JSON.parse(raw) as string;
  if (!hasForm(type, text)) return undefined;
  return type === 'bytes' ? Buffer.from(text, 'base64') : text;
}

/** The attributes of a line by name: of an item, or of any object, its values as DynamoDB would hold them. @throws UnfitLine */
export function attributesOf(members: readonly JsonMember[], items: boolean): ReadonlyMap<string, Attribute> {
  if (!items) return new Map(members.map(({ name, raw }) => [name, attributeOf(raw)]));
  const [item, ...others] = members;
  if (item?.name !== 'Item' || others.length > 0 || kindOf(item.raw) !== 'object') {
    throw new UnfitLine('value_type', 'not an item like {"Item":{"id":{"S":"a"}}}');
  }
  return new Map(
    namedOnce(item.raw).map(({ name, raw }) => {
      const value: unknown = JSON.parse(raw);
      if (!isAttribute(value)) throw new UnfitLine('value_type', 'an attribute has no DynamoDB type');
      return [name, value];
    }),
  );
}

/** JSON as an attribute: numbers keep their digits. `raw` is valid JSON. @throws UnfitLine */
function attributeOf(raw: string): Attribute {
  switch (kindOf(raw)) {
    case 'string':
      return { S: JSON.parse(raw) as string };
    case 'number':
      return { N: raw };
    case 'null':
      return { NULL: true };
    case 'true':
      return { BOOL: true };
    case 'false':
      return { BOOL: false };
    case 'list':
      return { L: elementsOf(raw).map(attributeOf) };
    case 'object':
      return { M: Object.fromEntries(namedOnce(raw).map((one) => [one.name, attributeOf(one.raw)])) };
  }
}

/** The members of an object. @throws UnfitLine where it has one twice */
export function namedOnce(raw: string): readonly JsonMember[] {
  try {
    return membersOf(raw);
  } catch (error) {
    if (error instanceof UnfitJson) throw new UnfitLine('parse_failed', error.message);
    throw error;
  }
}
