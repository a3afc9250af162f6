import { type Fitted, misfit, type Takers } from './fit.js';
import type { TableColumn } from './schema.js';

const tooLong = misfit('value_too_long', 'the bytes are more than the column holds');
const padded = misfit('value_folds', 'the column would add zero bytes');
const outside = misfit('value_range', 'the bits are more than the column holds');
const notGeometry = misfit('value_type', 'the bytes are not a geometry (SRID and WKB)');
const bigEndian = misfit('value_folds', 'the column would store the geometry in another byte order');

const blobs = new Set(['varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'vector']);
const geometries = new Set([
  'geometry',
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geometrycollection',
  'geomcollection',
]);

/** Whether fields of the column are hex digits, which the statement turns into bytes. */
export function isBinary(column: TableColumn): boolean {
  const { dataType } = column;
  return dataType === 'binary' || dataType === 'bit' || blobs.has(dataType) || geometries.has(dataType);
}

/** Takers of the binary types; undefined for any other column. */
export function bytesTakers(column: TableColumn): Takers | undefined {
  const { dataType } = column;
  const length = column.maxBytes ?? Infinity;
  if (dataType === 'binary') return { bytes: exactly(length) };
  if (blobs.has(dataType)) return { bytes: (bytes) => (bytes.length > length ? tooLong : hex(bytes)) };
  if (dataType === 'bit') return bitTakers(column.precision ?? 1);
  return geometries.has(dataType) ? { bytes: geometryFit } : undefined;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function exactly(length: number): (bytes: Uint8Array) => Fitted {
  return (bytes) => {
    if (bytes.length === length) return hex(bytes);
    return bytes.length > length ? tooLong : padded;
  };
}

function bitTakers(bits: number): Takers {
  const check = exactly(Math.ceil(bits / 8));
  const spare = 8 - (bits % 8 || 8);
  const bytes = (cell: Uint8Array): Fitted => {
    const field = check(cell);
    const isOver = typeof field === 'string' && (cell[0] ?? 0) >> (8 - spare) !== 0;
    return isOver ? outside : field;
  };
  return bits === 1 ? { bytes, bool: (value) => (value ? '01' : '00') } : { bytes };
}

/** SRID, byte order, type, and a count or a coordinate. */
const LEAST_GEOMETRY_BYTES = 13;

/** The server checks the rest. */
function geometryFit(bytes: Uint8Array): Fitted {
  if (bytes.length < LEAST_GEOMETRY_BYTES) return notGeometry;
  if (bytes[4] === 0) return bigEndian;
  return bytes[4] === 1 ? hex(bytes) : notGeometry;
}
