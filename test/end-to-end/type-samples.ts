import fc from 'fast-check';

/** One column type: what it is given, and what DynamoDB must hold for it (DESIGN.md 5). */
export interface TypeSample {
  /** The column's name. */
  readonly name: string;
  readonly sql: string;
  /** SQL literals at the type's edges; every run has them all. */
  readonly edges: readonly string[];
  /** SQL literals anywhere in the type. */
  readonly any: fc.Arbitrary<string>;
  readonly attribute: 'N' | 'S' | 'B';
  /** An SQL expression of the attribute's expected text, in a session at +00:00; HEX for B. */
  expected(column: string): string;
  readonly float?: boolean;
}

const asText = (column: string) => `CONVERT(${column} USING utf8mb4)`;
const asHex = (column: string) => `HEX(${column})`;

function sample(name: string, sql: string, edges: readonly string[], any: fc.Arbitrary<string>): TypeSample {
  return { name, sql, edges, any, attribute: 'S', expected: asText };
}

const numeric = (base: TypeSample): TypeSample => ({ ...base, attribute: 'N' });
const binary = (base: TypeSample): TypeSample => ({ ...base, attribute: 'B', expected: asHex });

/** Integers: both ends, around zero, powers of ten. */
function integers(name: string, sql: string, low: bigint, high: bigint): TypeSample {
  const edges = [low, low + 1n, 0n, 1n, -1n, 10n, high - 1n, high].filter((n) => n >= low && n <= high);
  return numeric(sample(name, sql, edges.map(String), fc.bigInt({ min: low, max: high }).map(String)));
}

function integerPair(name: string, bits: bigint): TypeSample[] {
  const half = 1n << (bits - 1n);
  return [
    integers(`${name}_s`, name, -half, half - 1n),
    integers(`${name}_u`, `${name} UNSIGNED`, 0n, (1n << bits) - 1n),
  ];
}

/** Decimals of a precision and scale; S beyond 38 digits. */
function decimals(precision: number, scale: number, more = ''): TypeSample {
  const nines = '9'.repeat(precision);
  const at = (digits: string) => {
    const padded = digits.padStart(scale + 1, '0');
    return scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  };
  const signs = more === '' ? ['', '-'] : [''];
  const edges = signs.flatMap((sign) => [nines, '0', '1', '10', nines.slice(1)].map((one) => sign + at(one)));
  const digits = fc.bigInt({ min: 0n, max: 10n ** BigInt(precision) - 1n });
  const any = fc.tuple(fc.constantFrom(...signs), digits).map(([sign, one]) => sign + at(String(one)));
  const name = `decimal_${precision}_${scale}${more.toLowerCase().replaceAll(' ', '_')}`;
  const base = sample(name, `DECIMAL(${precision},${scale})${more}`, edges, any);
  return precision > 38 ? base : numeric(base);
}

function floats(name: string, sql: string, edges: readonly string[], any: fc.Arbitrary<string>): TypeSample {
  return {
    ...numeric(sample(name, sql, edges, any)),
    float: true,
    expected: (column) => `CAST(${column} AS DOUBLE)`,
  };
}

// DynamoDB's N reaches from 1e-130 to 9.99e125; beyond it, and for -0, a row is a reject.
const double = fc
  .double({ min: -9e125, max: 9e125, noNaN: true })
  .filter((value) => Object.is(value, 0) || Math.abs(value) > 1e-130)
  .map((value) => value.toExponential());
const single = fc
  .float({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => !Object.is(value, -0))
  .map((value) => value.toExponential());

/** Text as a literal that no client, dialect or sql_mode can change. */
function literal(text: string): string {
  return text === '' ? "''" : `_utf8mb4 0x${Buffer.from(text, 'utf8').toString('hex')}`;
}

const hostile = [
  '',
  ' ',
  'a ',
  "'",
  '"',
  '\\',
  '\\N',
  'NULL',
  '\0',
  '\n',
  '\r\n',
  '\t',
  '\u001a',
  ',',
  '`',
  '%_',
  '\\\\n',
  '1e5',
];

function texts(
  name: string,
  sql: string,
  unit: fc.StringConstraints['unit'],
  extra: string[] = [],
): TypeSample {
  const any = fc.string({ unit: unit ?? 'binary', maxLength: 10 }).map(literal);
  return sample(name, sql, [...hostile, ...extra].map(literal), any);
}

const bmp = fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCharCode(code));
const latin = fc.integer({ min: 0xa0, max: 0xff }).map((code) => String.fromCharCode(code));
const ascii = fc.integer({ min: 0, max: 0x7f }).map((code) => String.fromCharCode(code));
const cyrillic = fc.integer({ min: 0x410, max: 0x44f }).map((code) => String.fromCharCode(code));

const bytesLiteral = (bytes: Uint8Array) =>
  bytes.length === 0 ? "''" : `0x${Buffer.from(bytes).toString('hex')}`;

function bytes(name: string, sql: string, edges: readonly string[], maxLength: number): TypeSample {
  return binary(sample(name, sql, edges, fc.uint8Array({ maxLength }).map(bytesLiteral)));
}

const blobEdges = ["''", '0x00', '0x0000', '0x20', '0x5c', '0x5c4e', '0x0a0d1a2722', '0xff00ff', '0xc328'];

function bits(width: number): TypeSample {
  const high = (1n << BigInt(width)) - 1n;
  const any = fc.bigInt({ min: 0n, max: high }).map((value) => `b'${value.toString(2)}'`);
  const base = sample(`bit_${width}`, `BIT(${width})`, ["b'0'", "b'1'", `b'${high.toString(2)}'`], any);
  return { ...base, attribute: 'B', expected: (column) => `HEX(CAST(${column} AS BINARY))` };
}

function shapes(sql: string, edges: readonly string[]): TypeSample {
  const from = (text: string) => `ST_GeomFromText('${text}', 4326)`;
  const all = edges.map(from);
  return binary(
    sample(sql.toLowerCase(), sql, [...all, `ST_GeomFromText('${edges[0]}')`], fc.constantFrom(...all)),
  );
}

const two = (value: number) => String(value).padStart(2, '0');
const clock = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999_999))
  .map(([h, m, s, f]) => `${two(h)}:${two(m)}:${two(s)}.${String(f).padStart(6, '0')}`);
const day = fc
  .tuple(
    fc.integer({ min: 1000, max: 9999 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
  )
  .map(([y, m, d]) => `${y}-${two(m)}-${two(d)}`);
const quoted = (text: string) => `'${text}'`;
const isoText = (column: string) => `REPLACE(${asText(column)}, ' ', 'T')`;
const dayEdges = [
  '0000-00-00',
  '1000-01-01',
  '9999-12-31',
  '2024-02-29',
  '0001-01-01',
  '2024-00-00',
  '1582-10-10',
];

function datetimes(digits: number): TypeSample {
  const edges = dayEdges.flatMap((date) => [
    `${date} 00:00:00`,
    `${date} 23:59:59.999999`.slice(0, 20 + digits),
  ]);
  const any = fc.tuple(day, clock).map(([date, time]) => quoted(`${date} ${time}`.slice(0, 20 + digits)));
  const base = sample(`datetime_${digits}`, `DATETIME(${digits})`, edges.map(quoted), any);
  return { ...base, expected: isoText };
}

function times(digits: number): TypeSample {
  const values = [
    '-838:59:59',
    '838:59:59',
    '00:00:00',
    '-00:00:01',
    '100:00:00',
    '23:59:59.999999',
    '-00:00:00.000001',
  ];
  const any = fc
    .tuple(fc.constantFrom('', '-'), fc.integer({ min: 0, max: 837 }), clock)
    .map(([sign, hours, rest]) => `${sign}${two(hours)}${rest.slice(2)}`.slice(0, 13 + digits));
  return sample(`time_${digits}`, `TIME(${digits})`, values.map(quoted), any.map(quoted));
}

/** Also the hours that some zone skips or has twice: they must come through as they are in UTC. */
function timestamps(digits: number): TypeSample {
  const values = [
    '0000-00-00 00:00:00',
    '1970-01-01 00:00:01',
    '2038-01-19 03:14:07.999999',
    '2026-03-29 01:30:00',
    '2026-10-25 00:30:00',
    '2026-10-25 01:30:00',
    '2026-03-08 07:30:00.5',
    '2026-11-01 05:30:00',
    '2026-11-01 06:30:00',
  ].map((text) => quoted(text.slice(0, 20 + digits)));
  const seconds = fc.tuple(fc.integer({ min: 1, max: 2_147_483_646 }), clock).map(([at, time]) => {
    const text = new Date(at * 1000).toISOString();
    return quoted(`${text.slice(0, 10)} ${text.slice(11, 19)}${time.slice(8)}`.slice(0, 20 + digits));
  });
  const base = sample(`timestamp_${digits}`, `TIMESTAMP(${digits})`, values, seconds);
  return { ...base, expected: (column) => `CONCAT(${isoText(column)}, 'Z')` };
}

const jsonTexts = [
  '{}',
  '[]',
  'null',
  '"\\u0000"',
  '{"b": 1, "a": 1.50, "a": 2}',
  '  [1, 12345678901234567890, 1e400]',
  '"ä😀"',
  '{"a":{"b":[null,true,false,""]}}',
].map(literal);

const utf8 = 'CHARACTER SET utf8mb4';

/** Every type that a table can have, with its edges. */
export const typeSamples: readonly TypeSample[] = [
  ...integerPair('TINYINT', 8n),
  ...integerPair('SMALLINT', 16n),
  ...integerPair('MEDIUMINT', 24n),
  ...integerPair('INT', 32n),
  ...integerPair('BIGINT', 64n),
  integers('tinyint_1', 'TINYINT(1)', -128n, 127n),
  {
    ...integers('zerofill', 'INT(10) ZEROFILL', 0n, 4294967295n),
    expected: (column) => `CAST(${column} + 0 AS CHAR)`,
  },
  numeric(sample('year_4', 'YEAR', ['0', '1901', '2155'], fc.integer({ min: 1901, max: 2155 }).map(String))),
  decimals(10, 2),
  decimals(38, 0),
  decimals(38, 38),
  decimals(65, 0),
  decimals(65, 30),
  decimals(39, 1),
  decimals(5, 5, ' UNSIGNED'),
  decimals(8, 3, ' ZEROFILL'),
  floats(
    'float_4',
    'FLOAT',
    ['0', '3.402823466e38', '-3.402823466e38', '1.175494351e-38', '1.4e-45', '0.1', '123456789'],
    single,
  ),
  floats(
    'float_7_3',
    'FLOAT(7,3)',
    ['0', '9999.999', '-9999.999', '0.001'],
    fc.integer({ min: -9_999_999, max: 9_999_999 }).map((n) => String((n || 1) / 1000)),
  ),
  floats(
    'double_8',
    'DOUBLE',
    ['0', '9.9e125', '-9.9e125', '1.1e-130', '0.1', '9007199254740993', '3.333333333333333e-1', '1e23'],
    double,
  ),
  floats(
    'double_12_4',
    'DOUBLE(12,4)',
    ['0', '99999999.9999', '-0.0001'],
    fc.integer({ min: 1, max: 2 ** 39 }).map((n) => String(n / 10_000)),
  ),
  texts('char_20', `CHAR(20) ${utf8}`, 'binary', ['ä😀']),
  texts('char_latin1', 'CHAR(20) CHARACTER SET latin1', latin, ['ÿ', '€']),
  texts('varchar_ci', `VARCHAR(40) ${utf8} COLLATE utf8mb4_general_ci`, 'binary', ['a', 'A', 'ä', 'ß']),
  texts('varchar_bin', `VARCHAR(40) ${utf8} COLLATE utf8mb4_bin`, 'binary', ['\u{10ffff}']),
  texts('varchar_latin1', 'VARCHAR(40) CHARACTER SET latin1', latin, ['€œŸ']),
  texts('varchar_ascii', 'VARCHAR(40) CHARACTER SET ascii', ascii),
  texts('varchar_utf8mb3', 'VARCHAR(40) CHARACTER SET utf8mb3', bmp, ['\ufffd']),
  texts('varchar_ucs2', 'VARCHAR(40) CHARACTER SET ucs2', bmp),
  texts('varchar_utf16', 'VARCHAR(40) CHARACTER SET utf16', 'binary', ['😀']),
  texts('varchar_utf32', 'VARCHAR(40) CHARACTER SET utf32', 'binary', ['😀']),
  texts('varchar_cp1251', 'VARCHAR(40) CHARACTER SET cp1251', cyrillic),
  texts('varchar_sjis', 'VARCHAR(40) CHARACTER SET cp932', ascii, ['日本語', 'ソ', '表']),
  texts('tinytext_0', `TINYTEXT ${utf8}`, 'binary'),
  texts('text_0', `TEXT ${utf8}`, 'binary', ['x'.repeat(9000)]),
  texts('mediumtext_0', `MEDIUMTEXT ${utf8}`, 'binary', ['\u2028\u2029']),
  texts('longtext_0', `LONGTEXT ${utf8}`, 'binary', ['\ufeffbom']),
  sample(
    'enum_0',
    `ENUM('', 'a,b', 'it''s', '0', 'ÄÖ', 'x y', '\\\\') ${utf8}`,
    ["''", "'a,b'", "'it''s'", "'0'", "'ÄÖ'", "'x y'", "'\\\\'"],
    fc.constantFrom("'0'", "'ÄÖ'", "'a,b'"),
  ),
  sample(
    'set_0',
    `SET('x', 'y z', '0', 'ü', '"') ${utf8}`,
    ["''", "'x'", "'x,y z,0,ü'", "'0'", "'\"'"],
    fc.constantFrom("'x,0'", "'y z,ü'"),
  ),
  binary(
    sample(
      'binary_8',
      'BINARY(8)',
      ['0x', '0x00', '0x2020', '0xffffffffffffffff'].map((one) => (one === '0x' ? "''" : one)),
      fc.uint8Array({ maxLength: 8 }).map(bytesLiteral),
    ),
  ),
  bytes('varbinary_64', 'VARBINARY(64)', blobEdges, 64),
  bytes('tinyblob_0', 'TINYBLOB', blobEdges, 255),
  bytes('blob_0', 'BLOB', [...blobEdges, `0x${'00ff5c27'.repeat(2000)}`], 300),
  bytes('mediumblob_0', 'MEDIUMBLOB', blobEdges, 300),
  bytes('longblob_0', 'LONGBLOB', blobEdges, 300),
  bits(1),
  bits(9),
  bits(64),
  shapes('POINT', ['POINT(1 2)', 'POINT(-179.999999999 89.5)']),
  shapes('LINESTRING', ['LINESTRING(0 0, 1 1, 2 3)']),
  shapes('POLYGON', ['POLYGON((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))']),
  shapes('MULTIPOINT', ['MULTIPOINT(0 0, 1 1)']),
  shapes('GEOMETRY', ['GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1))', 'POINT(0 0)']),
  sample('date_0', 'DATE', dayEdges.map(quoted), day.map(quoted)),
  datetimes(0),
  datetimes(3),
  datetimes(6),
  times(0),
  times(2),
  times(6),
  timestamps(0),
  timestamps(6),
  sample('json_0', 'JSON', jsonTexts, fc.json({ maxDepth: 2 }).map(literal)),
];
