/**
 * A DynamoDB AttributeValue as its JSON protocol spells it: numbers and base64 bytes are text.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
 */
export type Attribute =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] }
  | { L: Attribute[] }
  | { M: Record<string, Attribute> };

/**
 * One value on its way. Its column's logical type says which of these it is (see `LogicalType`).
 * `null` is SQL's NULL; `undefined` means that the item has no such attribute.
 */
export type Cell = null | undefined | string | boolean | Uint8Array | Attribute;

/** Cells in the order of the batch's columns. */
export type Row = Cell[];
