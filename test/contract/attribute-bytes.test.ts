import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchBuilder } from '../../src/connectors/dynamodb/batch-builder.js';
import { OpenColumns } from '../../src/connectors/dynamodb/open-columns.js';
import { pageBody } from '../../src/connectors/dynamodb/page-body.js';
import { LineRoom } from '../../src/connectors/mysql/load-encoder.js';
import type { TableColumn } from '../../src/connectors/mysql/schema.js';
import { type ColumnMap, mapColumns } from '../../src/connectors/mysql/sink-columns.js';
import { encodeRows } from '../../src/connectors/mysql/sink-rows.js';
import type { Batch } from '../../src/values/batch.js';
import type { Attribute, Cell } from '../../src/values/cell.js';

/** A column of a table of MySQL's; what matters of its type is given. */
function columnOf(columnType: string, more: Partial<TableColumn> = {}): TableColumn {
  const [dataType = ''] = columnType.split(/[ (]/);
  const [first, second] = (/\(([^)]*)\)/.exec(columnType)?.[1] ?? '').split(',').map(Number);
  return {
    name: 'c',
    dataType,
    columnType,
    nullable: true,
    hasDefault: true,
    defaultText: null,
    charset: /char|text|enum|set/.test(columnType) ? 'utf8mb4' : undefined,
    collation: undefined,
    maxChars: first,
    maxBytes: /char/.test(columnType) ? 4 * (first ?? 0) : (first ?? 255),
    precision: first,
    scale: second ?? 0,
    fraction: first ?? 0,
    unsigned: columnType.includes('unsigned'),
    zerofill: false,
    members: undefined,
    generated: false,
    invisible: false,
    autoIncrement: false,
    json: dataType === 'json',
    ...more,
  };
}

const types = [
  ...[
    'tinyint',
    'smallint',
    'mediumint',
    'int',
    'bigint',
    'tinyint unsigned',
    'int unsigned',
    'bigint unsigned',
  ],
  ...['decimal(10,2)', 'decimal(5,5)', 'decimal(4,0)', 'decimal(6,3) unsigned', 'decimal(38,10)', 'year'],
  ...['double', 'double unsigned', 'double(7,3)', 'float', 'float(7,3)', 'bit(1)', 'bit(12)'],
  ...['char(6)', 'varchar(8)', 'varchar(40)', 'text', 'date', 'datetime', 'datetime(3)', 'datetime(6)'],
  ...['timestamp', 'timestamp(6)', 'time', 'time(6)', 'binary(4)', 'varbinary(8)', 'blob', 'json', 'uuid'],
  ...['inet4', 'inet6', 'geometry'],
];
const columns: readonly TableColumn[] = [
  ...types.map((type) => columnOf(type)),
  ...['latin1', 'ascii', 'utf8mb3', 'gbk'].map((charset) => columnOf('varchar(20)', { charset })),
  columnOf('longtext', { json: true, maxBytes: 4294967295 }),
  columnOf('enum', { members: ['new', 'paid', 'a"b', 'é', ''] }),
  columnOf('set', { members: ['new', 'paid'] }),
];

const likely = [
  ...[
    '0',
    '1',
    '-1',
    '-0',
    '127',
    '128',
    '255',
    '256',
    '2147483647',
    '2147483648',
    '9007199254740993',
    '007',
  ],
  ...[
    '1.5',
    '1.50',
    '0.1',
    '-0.0',
    '.5',
    '5.',
    '-',
    '',
    '+1',
    '1e5',
    '123456789012345',
    '1234567890123456',
    '0.00001',
  ],
  ...['99999999.99', '100000000', '9999', '1901', '16777217', '1e400', '0.1234567890123456789', '1-2', '12a'],
  ...[
    '2026-01-31',
    '0000-00-00',
    '2026-13-01',
    '2026-02-31',
    '2026-1-1',
    '2026-01-31T12:34:56',
    '2026-01-31 12:34:56',
  ],
  ...[
    '2026-01-31T12:34:56.123456',
    '2026-01-31T12:34:56.1234567',
    '2026-01-31T12:34:56Z',
    '2026-01-31 12:34:56.5Z',
  ],
  ...[
    '1970-01-01T00:00:00Z',
    '2038-01-19T03:14:08Z',
    '2037-02-29T00:00:00Z',
    '2026-01-31T24:00:00',
    '1971-01-00T00:00:00Z',
  ],
  ...[
    '12:34:56',
    '99:59:59',
    '838:59:59',
    '839:00:00',
    '-00:00:00',
    '12:34:56.000000',
    '12:34',
    'new',
    'paid',
    'a"b',
  ],
  ...[
    'new,paid',
    'paid,new',
    'é',
    'ends with ',
    ' ',
    '漢字',
    '😀',
    '10.0.0.1',
    '::1',
    '"',
    '\\',
    '/',
    '\n\t\r\b\f',
    '\0',
    '{}',
  ],
  ...[
    '00000000-0000-0000-0000-000000000000',
    '€uro',
    '\ud800',
    'a,b',
    '\\N',
    '\\n',
    'customer.12@example.com',
  ],
];
const letters = [...'0123456789-.:TZ ,"\\/eénaN\n\0', '漢', '😀', '\ud800', '\u007f', '\u2028'];
const piece = fc.constantFrom(...letters);
const hostile = fc.oneof(
  fc.constantFrom(...likely),
  fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  fc
    .tuple(fc.constantFrom(...likely), fc.nat(30), piece)
    .map(([text, at, letter]) => text.slice(0, at) + letter + text.slice(at + 1)),
  fc.string({ unit: 'grapheme', maxLength: 45 }),
);

/** JSON's spelling of a text: as usual, or with escapes that nobody needs. */
const spelled = (text: string, odd: boolean) =>
  odd
    ? JSON.stringify(text).replace(/[a-z/](?=[^"\\]*"$)/, (letter) =>
        letter === '/' ? '\\/' : `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    : JSON.stringify(text);

const rare: readonly (Attribute | undefined)[] = [
  undefined,
  { NULL: true },
  { BOOL: true },
  { BOOL: false },
  { L: [{ S: 'a"]}' }, { N: '1.5' }, { M: {} }, { L: [] }] },
  { M: { 'k"}': { SS: ['x', '\\'] }, n: { NULL: true }, b: { B: 'AA==' } } },
  { SS: ['paid', 'new'] },
  { NS: ['1'] },
  { BS: ['AQ=='] },
  { B: 'AQIDBA==' },
  { B: 'AQ' },
  { B: '' },
];

/** An attribute's JSON; undefined for none. */
const attributeText = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(hostile, fc.boolean()).map(([text, odd]) => `{"S":${spelled(text, odd)}}`),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(hostile, fc.boolean()).map(([text, odd]) => `{"N":${spelled(text, odd)}}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...rare).map((attribute) => attribute && JSON.stringify(attribute)),
  },
);

/** The batch of items that have the attribute `c`, and perhaps others around it, in a page of JSON text. */
function batchOf(cells: readonly (string | undefined)[], maxRows = 1e6): readonly Batch[] {
  const items = cells.map((cell, index) => {
    const id = `"id":{"N":"${index}"}`;
    const odd = index % 3 === 0 ? `,"é${index}":{"S":"x"}` : '';
    if (cell === undefined) return `{${id}${odd}}`;
    return index % 2 === 0 ? `{${id},"c":${cell}${odd}}` : `{"c":${cell},${id}${odd}}`;
  });
  const page = pageBody('Scan', Buffer.from(`{"Items":[${items.join(',')}],"Count":${items.length}}`)).items;
  const first = [{ name: 'id', type: 'attribute', nullable: false } as const];
  const builder = new BatchBuilder({ current: new OpenColumns(first), first }, { maxRows, maxBytes: 1e9 });
  const batches: Batch[] = [];
  while (page.next()) {
    builder.add(page.scanner, 1);
    if (builder.full) batches.push(builder.take(() => ''));
  }
  if (!builder.empty) batches.push(builder.take(() => ''));
  return batches;
}

const id = columnOf('bigint', { name: 'id', nullable: false, hasDefault: false });

function mapOf({ columns: incoming }: Batch, column: TableColumn, isKey: boolean): ColumnMap {
  const table = {
    ...{
      database: 'd',
      table: 't',
      view: false,
      engine: undefined,
      charset: undefined,
      collation: undefined,
    },
    ...{
      columns: [id, column],
      primaryKey: isKey ? ['c'] : ['id'],
      indexes: [],
      rows: undefined,
      bytes: undefined,
    },
  };
  const lastTimestamp = '2038-01-19 03:14:07.999999';
  return mapColumns({ incoming, open: true, table, extra: 'ignore', lastTimestamp });
}

/** What a sink would send, and what it would refuse. */
function encoded(map: ColumnMap, rows: Batch['rows']) {
  const { lines, others } = encodeRows(map, rows, new LineRoom());
  const text = Buffer.concat([...lines.buffers]).toString();
  return { text, count: lines.count, groups: others.groups, refused: others.refused };
}

describe('rows of attributes as bytes', () => {
  it('are the rows that JSON.parse would make of them, in batches of any size', () => {
    fc.assert(
      fc.property(
        fc.array(attributeText, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        (cells, size) => {
          const found: Cell[] = [];
          for (const { columns: list, rows } of batchOf(cells, size)) {
            const at = list.findIndex(({ name }) => name === 'c');
            const half = rows.length >> 1;
            const halves = [...rows.slice(0, half), ...rows.slice(half, rows.length)];
            expect(halves).toEqual([...rows]);
            for (const row of rows) expect(row.length).toBe(list.length);
            found.push(...rows.map((row) => (at < 0 ? undefined : row[at])));
          }
          expect(found).toEqual(cells.map((cell) => (cell === undefined ? undefined : JSON.parse(cell))));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(columns.map((column) => [`${column.columnType} ${column.charset ?? ''}`, column] as const))(
    'become the same lines for %s as rows of cells',
    (_, column) => {
      fc.assert(
        fc.property(
          fc.array(attributeText, { minLength: 1, maxLength: 20 }),
          fc.constantFrom({}, { nullable: false }, { nullable: false, hasDefault: false }),
          fc.boolean(),
          (cells, more, isKey) => {
            const [batch] = batchOf(cells);
            if (batch === undefined) throw new Error('no batch');
            const map = mapOf(batch, { ...column, ...more }, isKey);
            expect(encoded(map, batch.rows)).toEqual(encoded(map, [...batch.rows]));
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  it('become lines without being cells where they are usual', () => {
    const usual: readonly (readonly [string, string])[] = [
      ['int', '{"N":"-12"}'],
      ['decimal(10,2)', '{"N":"1234.5"}'],
      ['double', '{"N":"0.25"}'],
      ['varchar(40)', '{"S":"Livré \\"chez\\" l\'ami\\n"}'],
      ['char(6)', '{"N":"12"}'],
      ['datetime(6)', '{"S":"2026-01-31T12:34:56.123456"}'],
      ['timestamp', '{"S":"2026-01-31T12:34:56Z"}'],
      ['time', '{"S":"12:34:56"}'],
      ['date', '{"S":"2026-01-31"}'],
      ['tinyint', '{"BOOL":true}'],
      ['text', '{"NULL":true}'],
    ];
    for (const [type, cell] of usual) {
      const [batch] = batchOf([cell]);
      if (batch === undefined) throw new Error('no batch');
      const map = mapOf(batch, columnOf(type), false);
      const never = () => {
        throw new Error(`${type} was asked for its fit`);
      };
      const blind = { ...map, columns: map.columns.map((loaded) => ({ ...loaded, fit: never })) };
      expect(encoded(blind, batch.rows)).toEqual(encoded(map, [...batch.rows]));
    }
  });
});
