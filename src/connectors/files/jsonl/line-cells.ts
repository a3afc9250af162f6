import type { ErrorCode } from '../../../errors.js';
import type { Attribute, Cell, Row } from '../../../values/cell.js';
import type { Column, LogicalType } from '../../../values/column.js';
import { isAttribute } from '../attribute-form.js';
import { hasForm, spellings } from '../cell-form.js';
import { extracted } from './document.js';
import { elementsOf, innerMembersOf, type JsonMember, kindOf, membersOf, UnfitJson } from './json-members.js';

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
  for (const { name, raw, value } of members) {
    const index = columns.findIndex((column) => column.name === name);
    const column = columns[index];
    if (column === undefined) {
      throw new UnfitLine('attribute_unknown', 'a member is none of the columns');
    }
    row[index] = cellOf({ raw, value }, column);
  }
  return row;
}

type JsonValue = Pick<JsonMember, 'raw' | 'value'>;

function cellOf({ raw, value }: JsonValue, column: Column): Cell {
  const { name, type } = column;
  if (type === 'attribute') return attributeOf(raw);
  if (raw === 'null') return null;
  const cell = typedCell({ raw, value }, type);
  if (cell === undefined) throw new UnfitLine('value_type', `${name} is not ${spellings[type]}`);
  return cell;
}

/** Undefined where the value is not of the type. */
function typedCell({ raw, value }: JsonValue, type: LogicalType): Cell {
  if (type === 'json') return extracted(raw);
  if (type === 'bool') return typeof value === 'boolean' ? value : undefined;
  const isNumber = type === 'int' || type === 'decimal' || type === 'float';
  if (typeof value === 'number') return isNumber && hasForm(type, raw) ? raw : undefined;
  if (typeof value !== 'string' || !hasForm(type, value)) return undefined;
  return type === 'bytes' ? Buffer.from(value, 'base64') : value;
}

/** The attributes of a line by name, its values as DynamoDB would hold them. @throws UnfitLine */
export function attributesOf(line: string): readonly NamedAttribute[] {
  return namedOnce(line).map(({ name, raw }) => [name, attributeOf(raw)] as const);
}

/** The attributes of an item by name, of a line in DynamoDB's JSON. @throws UnfitLine */
export function itemOf(line: string): readonly NamedAttribute[] {
  const members = unfit(() => innerMembersOf(line, 'Item'));
  if (members === undefined) throw new UnfitLine('value_type', 'not an item like {"Item":{"id":{"S":"a"}}}');
  return members.map(({ name, value }) => {
    if (!isAttribute(value)) throw new UnfitLine('value_type', 'an attribute has no DynamoDB type');
    return [name, value] as const;
  });
}

export type NamedAttribute = readonly [name: string, attribute: Attribute];

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

/** The members of an object. @throws UnfitLine where it is none, or has one twice */
export function namedOnce(raw: string): readonly JsonMember[] {
  return unfit(() => membersOf(raw));
}

function unfit<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnfitJson) throw new UnfitLine('parse_failed', error.message);
    throw error;
  }
}
