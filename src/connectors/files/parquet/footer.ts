import { fieldsAt, integerAt, integerOf, itemsAt, LIST, structuresHead } from './compact-protocol.js';

/** What the end of a Parquet file says of it, as the bytes that say it. */
export interface Footer {
  readonly bytes: Buffer;
  readonly rows: bigint;
  readonly schema: Buffer;
  /** Where in the bytes each row group is described. */
  readonly groups: readonly number[];
}

/** Numbers of the fields of FileMetaData: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const SCHEMA = 2;
const ROWS = 3;
const ROW_GROUPS = 4;

/** Of a structure's fields, by their numbers, those that tell a place in the file, or which row group it is; the others stay. */
interface Layout {
  readonly [field: number]: 'place' | 'ordinal' | Layout;
}

/** ColumnMetaData: data page, index page, dictionary page, bloom filter. */
const column: Layout = { 9: 'place', 10: 'place', 11: 'place', 14: 'place' };
/** ColumnChunk: itself, offset index, column index. */
const chunk: Layout = { 2: 'place', 3: column, 4: 'place', 6: 'place' };
const rowGroup: Layout = { 1: chunk, 5: 'place', 7: 'ordinal' };

interface Move {
  /** How much later in the file the group's bytes lie. */
  readonly by: number;
  /** Which group of the file it is. */
  readonly ordinal: number;
}

/** Takes a footer, without its length and what follows. Throws a RangeError where it is none. */
export function readFooter(bytes: Buffer): Footer {
  const fields = new Map(fieldsAt(bytes, 0).fields.map((field) => [field.id, field]));
  const [schema, rows, groups] = [SCHEMA, ROWS, ROW_GROUPS].map((id) => fields.get(id));
  if (!schema || !rows || !groups) throw new RangeError('a footer tells no schema, rows or row groups');
  return {
    bytes,
    rows: integerAt(bytes, rows.value),
    schema: bytes.subarray(schema.value, schema.end),
    groups: itemsAt(bytes, groups.value).starts,
  };
}

/** The row groups' descriptions as they are in a file in which their bytes lie so much later, the first of them its `ordinal`-th group. */
export function movedGroups({ bytes, groups }: Footer, { by, ordinal }: Move): Buffer[] {
  return groups.map((start, index) =>
    Buffer.concat(moved(bytes, start, rowGroup, { by, ordinal: ordinal + index })),
  );
}

/** A footer that says what `like` says, but of other row groups. */
export function footerOf(like: Footer, rows: bigint, groups: readonly Buffer[]): Buffer {
  const { bytes } = like;
  const pieces = fieldsAt(bytes, 0).fields.flatMap(({ id, start, value, end }): Buffer[] => {
    const head = bytes.subarray(start, value);
    if (id === ROWS) return [head, integerOf(rows)];
    if (id === ROW_GROUPS) return [head, structuresHead(groups.length), ...groups];
    return [head, bytes.subarray(value, end)];
  });
  return Buffer.concat([...pieces, Buffer.of(0)]);
}

function moved(bytes: Buffer, start: number, layout: Layout, move: Move): Buffer[] {
  const { fields, end } = fieldsAt(bytes, start);
  const made = fields.flatMap((field): Buffer[] => {
    const head = bytes.subarray(field.start, field.value);
    const rule = layout[field.id];
    if (rule === undefined) return [head, bytes.subarray(field.value, field.end)];
    if (rule === 'ordinal') return [head, integerOf(BigInt(move.ordinal))];
    if (rule === 'place') return [head, movedPlace(bytes, field.value, move)];
    if (field.type !== LIST) return [head, ...moved(bytes, field.value, rule, move)];
    const { starts } = itemsAt(bytes, field.value);
    return [
      head,
      bytes.subarray(field.value, starts[0] ?? field.end),
      ...starts.flatMap((item) => moved(bytes, item, rule, move)),
    ];
  });
  return [...made, bytes.subarray(end - 1, end)];
}

/** Some writers say 0 for a place that they do not tell. */
function movedPlace(bytes: Buffer, at: number, { by }: Move): Buffer {
  const place = integerAt(bytes, at);
  return integerOf(place > 0n ? place + BigInt(by) : place);
}
