/**
 * What a column's cells are. Numbers, dates and times stay the text that their database printed and
 * never pass through a double or a Date.
 *
 * | type      | cell       | text form                                                        |
 * |-----------|------------|------------------------------------------------------------------|
 * | int       | string     | `-?[0-9]+`, no leading zeros                                     |
 * | decimal   | string     | `-?[0-9]+(\.[0-9]+)?`, the source's scale kept                   |
 * | float     | string     | as MySQL prints a DOUBLE: `1.5`, `1e-7`, `-1.7976931348623157e308` |
 * | text      | string     | any Unicode text                                                 |
 * | bytes     | Uint8Array |                                                                  |
 * | bool      | boolean    |                                                                  |
 * | date      | string     | `YYYY-MM-DD` (also `0000-00-00`)                                 |
 * | datetime  | string     | `YYYY-MM-DD hh:mm:ss[.f{1,6}]`, MySQL's form, no zone            |
 * | time      | string     | `-?h{2,3}:mm:ss[.f{1,6}]`                                        |
 * | timestamp | string     | like datetime, and in UTC                                        |
 * | json      | string     | the JSON text as stored                                          |
 * | attribute | Attribute  | a DynamoDB attribute; each cell says its own type                |
 */
export type LogicalType = (typeof logicalTypes)[number];

export const logicalTypes = [
  'int',
  'decimal',
  'float',
  'text',
  'bytes',
  'bool',
  'date',
  'datetime',
  'time',
  'timestamp',
  'json',
  'attribute',
] as const;

/** A column as a batch carries it. Bounds are absent where the source does not know them. */
export interface Column {
  readonly name: string;
  readonly type: LogicalType;
  readonly nullable: boolean;
  /** The type in the source's own words, for people and for `create: true`: `decimal(10,2) unsigned`. */
  readonly native?: string;
  /** decimal: digits in all, and digits after the point. */
  readonly precision?: number;
  readonly scale?: number;
  /** text, bytes, json: the most bytes that a cell can have, text as UTF-8. */
  readonly maxBytes?: number;
  /** text from MySQL: the collation, for `create: true`. */
  readonly collation?: string;
}
