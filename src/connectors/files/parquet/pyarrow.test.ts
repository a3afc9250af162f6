/** What the program writes, as pyarrow reads it: declared types and values. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { typeSamples } from '../../../../test/end-to-end/type-samples.js';
import { copyAll, type FileGround, fileGround } from '../../../../test/fixtures/file-sink.js';
import { type TestDatabase, testDatabase } from '../../../../test/fixtures/mysql.js';
import { openSource } from '../../../../test/fixtures/mysql-source.js';
import { pyarrow } from '../../../../test/fixtures/pyarrow.js';
import { canonicalNumber } from '../../../values/decimal.js';

let database: TestDatabase;
let ground: FileGround;
beforeAll(async () => {
  database = await testDatabase('pyarrow');
});
afterAll(() => database.drop());
beforeEach(async () => {
  ground = await fileGround();
});
afterEach(() => ground.close());

async function exported(options: object = {}): Promise<string> {
  const { source, close } = await openSource(database, { table: 't' });
  try {
    const { columns, key } = await source.describe();
    const { sink } = await ground.sink(options, { columns, open: false, key });
    await copyAll(source, sink);
    await sink.close();
    const [path = ''] = await ground.files('t');
    return path;
  } finally {
    await close();
  }
}

/** The first table of TYPES.md. */
const documented = (
  readFileSync(new URL('../TYPES.md', import.meta.url), 'utf8').split(
    'A column that is no MySQL column',
  )[0] ?? ''
)
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| MySQL'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, sql = '', physical = '', logical = '']) => ({ sql, physical, logical }));

const types = `
import json, sys
import pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1])
def logical(column):
    kind = json.loads(column.logical_type.to_json())
    name = kind['Type']
    if name == 'Decimal': return 'DECIMAL(%d,%d)' % (kind['precision'], kind['scale'])
    if name == 'Timestamp': return {'microseconds': 'TIMESTAMP_MICROS'}[kind['timeUnit']]
    return {'String': 'STRING', 'None': '', 'Int': ''}[name]
columns = [file.schema.column(index) for index in range(len(file.schema))]
utc = [str(file.schema_arrow.field(index).type) for index in range(len(columns))]
print(json.dumps([[c.physical_type, logical(c), c.max_definition_level, t] for c, t in zip(columns, utc)]))
`;

it('pyarrow finds the types of TYPES.md', async (context) => {
  const python = await pyarrow(context);
  const columns = documented.map(({ sql }, index) => `c${index} ${sql} NULL`);
  await database.execute(`CREATE OR REPLACE TABLE t (${columns.join(', ')})`);
  const found = JSON.parse(await python(types, await exported())) as [string, string, number, string][];
  expect(found.map(([physical, logical, optional]) => [physical, logical, optional])).toEqual(
    documented.map(({ physical, logical }) => [physical, logical, 1]),
  );
  const typeOf = (sql: string) => found[documented.findIndex((row) => row.sql === sql)]?.[3];
  expect(typeOf('DATETIME(6)')).toBe('timestamp[us]');
  expect(typeOf('TIMESTAMP')).toBe('timestamp[us, tz=UTC]');
  expect(documented.length).toBeGreaterThan(35);
});

const values = `
import json, sys
import pyarrow.parquet as pq
def text(cell):
    if cell is None: return None
    if isinstance(cell, bytes): return cell.hex().upper()
    if isinstance(cell, float): return repr(cell)
    if hasattr(cell, 'isoformat'): return cell.replace(tzinfo=None).isoformat(sep=' ', timespec='microseconds')
    return format(cell, 'f') if hasattr(cell, 'as_tuple') else str(cell)
rows = pq.read_table(sys.argv[1]).to_pylist()
print(json.dumps([[text(cell) for cell in row.values()] for row in rows]))
`;

it.for(['zstd', 'gzip', 'snappy', 'none'])(
  'pyarrow reads the values of MySQL from %s',
  async (compression, context) => {
    const python = await pyarrow(context);
    await fill();
    const found = JSON.parse(await python(values, await exported({ compression, rowGroup: 2048 })));
    expect(found.map(comparableRow)).toEqual((await cellsOfMysql()).map(comparableRow));
  },
);

/** Every edge of every type that there is a moment for, and a row of NULL. */
async function fill(): Promise<void> {
  const columns = typeSamples.map(({ name, sql }) => `\`${name}\` ${sql} NULL DEFAULT NULL`);
  await database.execute("SET SESSION sql_mode = '', time_zone = '+00:00'");
  await database.execute(`CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, ${columns.join(', ')})`);
  const edges = typeSamples.map(({ sql, edges: all }) =>
    isMoment(sql) ? all.filter((edge) => !/^'\d{4}-(?:00|\d\d-00)/.test(edge)) : all,
  );
  const most = Math.max(...edges.map(({ length }) => length));
  const rows = Array.from({ length: most }, (_, id) =>
    [id, ...edges.map((all) => all[id % all.length] ?? 'NULL')].join(', '),
  );
  for (const row of rows) await database.execute(`INSERT INTO t VALUES (${row})`);
  await database.execute(`INSERT INTO t (id) VALUES (${most})`);
}

function isMoment(sql: string): boolean {
  return /^(?:DATETIME|TIMESTAMP)/.test(sql);
}

/** The same texts as MySQL has them: bytes in hexadecimal digits. */
async function cellsOfMysql(): Promise<(string | null)[][]> {
  const forms = typeSamples.map(({ name, sql, attribute, float }) => {
    if (attribute === 'B')
      return `HEX(${sql.startsWith('BIT') ? `CAST(\`${name}\` AS BINARY)` : `\`${name}\``})`;
    return float ? `CAST(\`${name}\` AS DOUBLE)` : `CONVERT(\`${name}\` USING utf8mb4)`;
  });
  const rows = await database.query(`SELECT id, ${forms.join(', ')} FROM t ORDER BY id`);
  return rows.map((row) => row.map((cell) => (cell === null ? null : String(cell))));
}

/** Numbers in one spelling, moments with six digits. */
function comparableRow(cells: readonly (string | null)[]): (string | undefined)[] {
  return cells.slice(1).map((cell, index) => {
    const { name, sql = '', attribute } = typeSamples[index] ?? {};
    if (cell === null) return `${name}: NULL`;
    if (attribute === 'N') return `${name}: ${canonicalNumber(cell)}`;
    if (!isMoment(sql)) return `${name}: ${cell}`;
    return `${name}: ${`${cell}${cell.includes('.') ? '' : '.'}000000`.slice(0, 26)}`;
  });
}
