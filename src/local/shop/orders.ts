import type { Place, ShopColumn, ShopTable } from './column.js';
import { bytes, geometry, text, two } from './literal.js';
import type { Random } from './random.js';

/** Texts that get lost or changed on careless ways: quotes, separators, line ends, NUL, empty, spaces, other planes. */
const hostileTexts = [
  '',
  ' ',
  'ends with a space ',
  '\\',
  '\\N',
  'NULL',
  `it's "quoted"`,
  'a,b;c\td',
  'line\nline\r\nline',
  'NUL\0 in it',
  '\x1a',
  '🧾 e\u0301 é 漢字 עברית',
  "'; DROP TABLE orders; --",
] as const;

const words = [
  'gift',
  'fragile',
  'call first',
  'leave at the door',
  'second floor',
  'naïve café',
  'Größe M',
  '明日',
] as const;

/** Most orders have few of the optional columns: rows are as sparse as those of old shops, and quick to move. */
const OPTIONAL_ONE_IN = 10;

/** The one table with every MySQL column type, each at its borders. */
export const orders: ShopTable = {
  name: 'orders',
  columns: [
    { name: 'order_id', definition: 'BIGINT UNSIGNED NOT NULL', value: orderId },
    { name: 'customer_id', definition: 'INT UNSIGNED NOT NULL', value: customerId },
    ...wholeNumbers(),
    ...otherNumbers(),
    ...times(),
    ...texts(),
    ...binaries(),
    ...shapes(),
    ...specials(),
  ].map(sparse),
  keys: ['PRIMARY KEY (order_id)', 'KEY by_customer (customer_id)'],
};

function sparse(column: ShopColumn): ShopColumn {
  const optional = /(?<! NOT) NULL$/.test(column.definition);
  return optional ? { oneIn: OPTIONAL_ONE_IN, ...column } : column;
}

/** Ascending, with both ends of the type. */
function orderId({ index, rows }: Place): string {
  if (index === rows - 1) return '18446744073709551615';
  if (index === rows - 2) return '9223372036854775808';
  return index === 0 ? '0' : String(1_000_000 + index);
}

function customerId({ index, rows, random }: Place): string {
  return index === 0 ? '4294967295' : String(random.whole(1, Math.max(1, Math.ceil(rows / 10))));
}

function whole(name: string, type: string, low: string, high: string): ShopColumn {
  return {
    name,
    definition: `${type} NULL`,
    edges: [low, high, '0', 'NULL'],
    value: ({ random }) => String(random.whole(1, 100)),
  };
}

function wholeNumbers(): ShopColumn[] {
  return [
    whole('priority', 'TINYINT', '-128', '127'),
    whole('line_count', 'TINYINT UNSIGNED', '0', '255'),
    whole('points', 'SMALLINT', '-32768', '32767'),
    whole('pick_slot', 'SMALLINT UNSIGNED', '1', '65535'),
    whole('drift_ms', 'MEDIUMINT', '-8388608', '8388607'),
    whole('volume_cm3', 'MEDIUMINT UNSIGNED', '1', '16777215'),
    whole('balance_cents', 'INT', '-2147483648', '2147483647'),
    whole('parcel', 'INT UNSIGNED', '1', '4294967295'),
    whole('trace', 'BIGINT', '-9223372036854775808', '9223372036854775807'),
    {
      name: 'gift',
      definition: 'BOOL NOT NULL',
      edges: ['0', '1'],
      value: ({ random }) => String(random.whole(0, 1)),
    },
    {
      name: 'season',
      definition: 'YEAR NULL',
      edges: ['0', '1901', '2155', 'NULL'],
      value: ({ random }) => String(random.whole(2018, 2026)),
    },
  ];
}

function otherNumbers(): ShopColumn[] {
  const nines = (count: number) => '9'.repeat(count);
  return [
    {
      name: 'total',
      definition: 'DECIMAL(10,2) NOT NULL',
      edges: ['0.00', '-0.01', `${nines(8)}.99`, `-${nines(8)}.99`],
      value: ({ random }) => `${random.whole(1, 999)}.${two(random.whole(0, 99))}`,
    },
    {
      name: 'tax_exact',
      definition: 'DECIMAL(38,10) NULL',
      edges: [`${nines(28)}.${nines(10)}`, `-${nines(28)}.${nines(10)}`, '0.0000000001', '0', 'NULL'],
      value: ({ random }) => `${random.whole(0, 99)}.${random.digits(10)}`,
    },
    {
      name: 'exchange_rate',
      definition: 'DECIMAL(65,30) NULL',
      edges: [`${nines(35)}.${nines(30)}`, `-${nines(35)}.${nines(30)}`, '1e-30', '1', 'NULL'],
      value: ({ random }) => `${random.whole(0, 200)}.${random.digits(30)}`,
    },
    {
      name: 'discount',
      definition: 'FLOAT NULL',
      edges: ['123456789', '-1.17549e-38', '3.40282e38', '0.1', '0', 'NULL'],
      value: ({ random }) => String(random.whole(0, 99) / 100),
    },
    {
      name: 'weight_kg',
      definition: 'DOUBLE NULL',
      edges: ['0.1', '1.7976931348623157e100', '-2.2250738585072014e-100', '9007199254740993', '0', 'NULL'],
      value: ({ random }) => String(random.fraction() * 30),
    },
    {
      name: 'flags',
      definition: 'BIT(12) NULL',
      edges: ["b'0'", "b'111111111111'", "b'1'", 'NULL'],
      value: ({ random }) => `b'${random.whole(0, 4095).toString(2)}'`,
    },
    {
      name: 'mask',
      definition: 'BIT(64) NULL',
      edges: ["b'0'", `b'${'1'.repeat(64)}'`, `b'1${'0'.repeat(63)}'`, 'NULL'],
      value: ({ random }) => bytes(random.hex(8)),
    },
  ];
}

function times(): ShopColumn[] {
  return [
    {
      name: 'deliver_on',
      definition: 'DATE NULL',
      edges: ["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-02-29'", 'NULL'],
      value: ({ random }) => `'${day(random)}'`,
    },
    {
      name: 'placed_at',
      definition: 'DATETIME(6) NOT NULL',
      edges: ["'0000-00-00 00:00:00'", "'1000-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'"],
      value: ({ random }) => `'${day(random)} ${clock(random)}.${random.digits(6)}'`,
    },
    {
      name: 'packed_at',
      definition: 'DATETIME NULL',
      edges: ["'0000-00-00 00:00:00'", "'2026-03-29 02:30:00'", 'NULL'],
      value: ({ random }) => `'${day(random)} ${clock(random)}'`,
    },
    {
      name: 'paid_at',
      definition: 'TIMESTAMP(3) NULL',
      edges: ["'1970-01-01 00:00:01.000'", "'2038-01-19 03:14:07.999'", "'2026-10-25 00:30:00.500'", 'NULL'],
      value: ({ random }) => `'${day(random)} ${clock(random)}.${random.digits(3)}'`,
    },
    {
      name: 'window_start',
      definition: 'TIME NULL',
      edges: ["'-838:59:59'", "'838:59:59'", "'00:00:00'", 'NULL'],
      value: ({ random }) => `'${clock(random)}'`,
    },
    {
      name: 'cutoff',
      definition: 'TIME(6) NULL',
      edges: ["'-00:00:00.000001'", "'838:59:59.000000'", "'23:59:59.999999'", 'NULL'],
      value: ({ random }) => `'${clock(random)}.${random.digits(6)}'`,
    },
  ];
}

function day(random: Random): string {
  return `20${two(random.whole(18, 26))}-${two(random.whole(1, 12))}-${two(random.whole(1, 28))}`;
}

function clock(random: Random): string {
  return `${two(random.whole(0, 23))}:${two(random.whole(0, 59))}:${two(random.whole(0, 59))}`;
}

function texts(): ShopColumn[] {
  const hostile = hostileTexts.map(text);
  const note = ({ random }: Place) => text(random.once(20) ? random.pick(hostileTexts) : random.pick(words));
  const rare = (name: string, type: string): ShopColumn => ({
    name,
    definition: `${type} NULL`,
    edges: [...hostile, 'NULL'],
    value: note,
  });
  return [
    {
      name: 'status',
      definition: "ENUM('draft','open','paid','shipped','returned','it''s odd') NOT NULL",
      edges: ["'draft'", "'it''s odd'"],
      value: ({ random }) => `'${random.pick(['open', 'paid', 'shipped', 'returned'])}'`,
    },
    {
      name: 'channels',
      definition: "SET('web','app','shop','phone') NULL",
      edges: ["''", "'web,app,shop,phone'", "'phone'", 'NULL'],
      value: ({ random }) => random.pick(["'web'", "'app'", "'web,app'", "'shop'"]),
    },
    {
      name: 'currency',
      definition: 'CHAR(3) NOT NULL',
      edges: ["''", "'€uR'"],
      value: ({ random }) => `'${random.pick(['EUR', 'JPY', 'USD'])}'`,
    },
    {
      name: 'note',
      definition: 'VARCHAR(200) NULL',
      oneIn: 2,
      edges: [...hostile, text('x'.repeat(200)), 'NULL'],
      value: note,
    },
    {
      name: 'code',
      definition: 'VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_bin NULL',
      edges: ["'é'", "''", 'NULL'],
      value: ({ random }) => `'${random.hex(4)}'`,
    },
    rare('label', 'TINYTEXT'),
    rare('message', 'TEXT'),
    rare('terms', 'MEDIUMTEXT'),
    rare('history', 'LONGTEXT'),
    {
      name: 'extras',
      definition: 'JSON NULL',
      edges: [
        "'{}'",
        "'null'",
        "'[]'",
        text('{"deep": [1, 2.50, "\\u00e9", {"big": 12345678901234567890}]}'),
        text('"🧾"'),
        'NULL',
      ],
      value: ({ random }) => `'{"wrap": ${random.once(2)}, "ribbons": ${random.whole(1, 9)}}'`,
    },
  ];
}

function binaries(): ShopColumn[] {
  const rare = (name: string, type: string): ShopColumn => ({
    name,
    definition: `${type} NULL`,
    edges: ["''", bytes('00'), bytes('FF00FE5C270A0D09'), 'NULL'],
    value: ({ random }) => bytes(random.hex(6)),
  });
  return [
    {
      name: 'digest',
      definition: 'BINARY(8) NOT NULL',
      edges: [bytes('0000000000000000'), bytes('FFFFFFFFFFFFFFFF'), bytes('4100000000000000')],
      value: ({ random }) => bytes(random.hex(8)),
    },
    {
      name: 'token',
      definition: 'VARBINARY(64) NULL',
      edges: ["''", bytes('00'), bytes('5C302C0A09'), bytes('FF'.repeat(64)), 'NULL'],
      value: ({ random }) => bytes(random.hex(4)),
    },
    rare('stamp', 'TINYBLOB'),
    rare('scan', 'BLOB'),
    rare('photo', 'MEDIUMBLOB'),
    rare('archive', 'LONGBLOB'),
  ];
}

function shapes(): ShopColumn[] {
  const rare = (name: string, type: string, ...edges: readonly [string, ...string[]]): ShopColumn => ({
    name,
    definition: `${type} NULL`,
    edges: [...edges.map(geometry), 'NULL'],
    value: ({ random }) => geometry(random.pick(edges)),
  });
  return [
    {
      name: 'place',
      definition: 'POINT NULL',
      edges: [
        geometry('POINT(0 0)'),
        geometry('POINT(-180 90)'),
        "ST_GeomFromText('POINT(1.5 2.5)', 4326)",
        'NULL',
      ],
      value: ({ random }) => geometry(`POINT(${random.whole(-90, 90)} ${random.whole(-90, 90)}.5)`),
    },
    rare('area', 'GEOMETRY', 'POINT(1 1)', 'POLYGON((0 0,0 1,1 1,0 0))'),
    rare('route', 'LINESTRING', 'LINESTRING(0 0,1 1,2 0)'),
    rare('zone', 'POLYGON', 'POLYGON((0 0,0 4,4 4,0 0),(1 2,1 3,2 3,1 2))'),
    rare('stops', 'MULTIPOINT', 'MULTIPOINT(0 0,1 1)'),
    rare('legs', 'MULTILINESTRING', 'MULTILINESTRING((0 0,1 1),(2 2,3 3))'),
    rare('zones', 'MULTIPOLYGON', 'MULTIPOLYGON(((0 0,0 1,1 1,0 0)))'),
    rare('shapes', 'GEOMETRYCOLLECTION', 'GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'),
  ];
}

/** Columns that the server computes, and one that `SELECT *` does not show. */
function specials(): ShopColumn[] {
  return [
    { name: 'total_cents', definition: 'BIGINT GENERATED ALWAYS AS (total * 100) VIRTUAL' },
    { name: 'shelf', definition: "VARCHAR(80) GENERATED ALWAYS AS (CONCAT(status, '/', gift)) STORED" },
    {
      name: 'internal_note',
      definition: "VARCHAR(40) NOT NULL DEFAULT '' INVISIBLE",
      edges: ["'hidden'", "''"],
      value: () => "''",
    },
  ];
}
