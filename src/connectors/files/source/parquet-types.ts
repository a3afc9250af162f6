import type { Column, LogicalType } from '../../../values/column.js';
import { sqlName } from '../duckdb.js';

/** A column at the top of a Parquet file, as DuckDB and the file itself describe it. */
export interface ParquetField {
  readonly name: string;
  /** DuckDB's name of the type: `DECIMAL(20,2)`, `STRUCT(a BIGINT)`. */
  readonly type: string;
  /** Somewhere in it is what DuckDB reads inexactly: INT96, a decimal of more than 38 digits. */
  readonly inexact: string | undefined;
}

/** How a field becomes cells; a text where it cannot become any exactly. */
export type ParquetReading =
  | {
      readonly type: LogicalType;
      readonly precision?: number;
      readonly scale?: number;
      /** An expression whose text is in the spelling of `type` (values/column.ts); bytes are base64. */
      expression(name: string): string;
    }
  | string;

const asText = (name: string) => `CAST(${name} AS VARCHAR)`;
/** DuckDB's JSON spells numbers as MySQL does, `1e-7`; and a FLOAT as the DOUBLE that it is. */
const asFloat = (name: string) =>
  `regexp_replace(CAST(to_json(CAST(${name} AS DOUBLE)) AS VARCHAR), '\\.0$', '')`;

/** DuckDB spells a decimal that has no digits before the point without a zero there. */
const asFraction = (name: string) => `regexp_replace(${asText(name)}, '^(-?)\\.', '\\10.')`;

const plain: Readonly<Record<string, LogicalType>> = {
  BOOLEAN: 'bool',
  TINYINT: 'int',
  SMALLINT: 'int',
  INTEGER: 'int',
  BIGINT: 'int',
  HUGEINT: 'int',
  UTINYINT: 'int',
  USMALLINT: 'int',
  UINTEGER: 'int',
  UBIGINT: 'int',
  VARCHAR: 'text',
  UUID: 'text',
  JSON: 'json',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'datetime',
  TIMESTAMP_S: 'datetime',
  TIMESTAMP_MS: 'datetime',
};

/** TYPES.md is this map for people. */
export function parquetReading({ type, inexact }: ParquetField): ParquetReading {
  if (inexact !== undefined) return inexact;
  const simple = plain[type];
  if (simple) return { type: simple, expression: asText };
  if (type === 'FLOAT' || type === 'DOUBLE') return { type: 'float', expression: asFloat };
  if (type === 'BLOB') return { type: 'bytes', expression: (name) => `to_base64(${name})` };
  if (type === 'TIMESTAMP WITH TIME ZONE') {
    return { type: 'timestamp', expression: (name) => asText(`timezone('UTC', ${name})`) };
  }
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined) {
    const expression = precision === scale ? asFraction : asText;
    return { type: 'decimal', precision: Number(precision), scale: Number(scale), expression };
  }
  return nestedReading(type);
}

/** Leaves whose JSON says something else than they do, or that JSON has no exact form for. */
const unfitLeaves =
  /\b(?:BLOB|BIT|INTERVAL|TIMESTAMP_NS|TIME_NS|TIME WITH TIME ZONE|GEOMETRY|VARIANT|UNION)\b/;
/** Without the zero before the point it would be no JSON. */
const unfitDecimal = /\bDECIMAL\((\d+),\1\)/;
const unfitMap = /\bMAP\((?!VARCHAR,)/;

function nestedReading(type: string): ParquetReading {
  const isNested = /^(?:STRUCT|MAP)\(|\[\d*\]$/.test(type);
  // Names of members stand in the type too: what looks unfit there is refused as well.
  if (!isNested || [unfitLeaves, unfitDecimal, unfitMap].some((unfit) => unfit.test(type)))
    return `${type} has no exact text`;
  return { type: 'json', expression: (name) => `CAST(to_json(${name}) AS VARCHAR)` };
}

/** The column that a field becomes by itself. Its type has no words of a database that could make a table of it. */
export function columnOf({ name }: ParquetField, reading: Exclude<ParquetReading, string>): Column {
  const { type, precision, scale } = reading;
  return {
    name,
    type,
    nullable: true,
    ...(precision === undefined ? {} : { precision }),
    ...(scale === undefined ? {} : { scale }),
  };
}

/**
 * Whether cells of the reading may be taken for this type, if their form is right. Bytes are text only where a person says so: RDS
 * writes CHAR without saying that it is text.
 */
export function mayBe(
  reading: Exclude<ParquetReading, string>,
  type: LogicalType,
  isDeclared: boolean,
): boolean {
  if (reading.type === 'bytes') return type === 'bytes' || isDeclared;
  return type !== 'bytes';
}

/** The field's text in the column's spelling: with as many digits of a second as MySQL's type has, where a manifest tells it. */
export function selected(column: Column, reading: Exclude<ParquetReading, string>): string {
  const name = sqlName(column.name);
  if (reading.type === 'bytes' && column.type !== 'bytes') return `decode(${name})`;
  const digits = /^(?:datetime|timestamp)\((\d)\)/i.exec(column.native ?? '')?.[1];
  const hasNone = /^(?:datetime|timestamp)$/i.test(column.native ?? '');
  if ((reading.type !== 'datetime' && reading.type !== 'timestamp') || (digits === undefined && !hasNone)) {
    return reading.expression(name);
  }
  const moment = reading.type === 'timestamp' ? `timezone('UTC', ${name})` : name;
  const length = hasNone || digits === '0' ? 19 : 20 + Number(digits);
  // A year of other than four digits is spelled as it is, and refused by its form.
  const text = `strftime(${moment}, '%Y-%m-%d %H:%M:%S.%f')`;
  return `CASE WHEN year(${moment}) BETWEEN 0 AND 9999 THEN left(${text}, ${length}) ELSE ${asText(moment)} END`;
}
