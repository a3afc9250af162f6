import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { typeSamples } from '../../../../test/end-to-end/type-samples.js';
import {
  copyAll,
  duckdbRows,
  type FileGround,
  fileGround,
  parquetList,
} from '../../../../test/fixtures/file-sink.js';
import { type TestDatabase, testDatabase } from '../../../../test/fixtures/mysql.js';
import { openSource } from '../../../../test/fixtures/mysql-source.js';
import { canonicalNumber } from '../../../values/decimal.js';

let database: TestDatabase;
let ground: FileGround;
beforeAll(async () => {
  database = await testDatabase('parquet');
});
afterAll(() => database.drop());
beforeEach(async () => {
  ground = await fileGround();
});
afterEach(() => ground.close());

/** The table as Parquet; gives its files, and how many rows were refused. */
async function exported(options: object = {}): Promise<{ paths: string[]; rejected: number }> {
  const { source, close } = await openSource(database, { table: 't' });
  try {
    const { columns, key } = await source.describe();
    const { sink, plan } = await ground.sink(options, { columns, open: false, key });
    expect(plan.findings).toEqual([]);
    const { rejected } = await copyAll(source, sink);
    await sink.close();
    return { paths: await ground.files('t'), rejected };
  } finally {
    await close();
  }
}

/** Cells of the first table of TYPES.md. */
const table = (
  readFileSync(new URL('../TYPES.md', import.meta.url), 'utf8').split('\n## Parquet, read')[0] ?? ''
)
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| MySQL'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .slice(0, 100)
  .filter((cells) => cells.length === 6)
  .map(([, sql = '', physical = '', logical = '']) => ({ sql, physical, logical }));

describe('a Parquet file', () => {
  it('has the types of TYPES.md', async () => {
    expect(table.length).toBeGreaterThan(35);
    const columns = table.map(({ sql }, index) => `c${index} ${sql} NULL`);
    await database.execute(`CREATE OR REPLACE TABLE t (${columns.join(', ')})`);
    const { paths } = await exported();
    const rows = await duckdbRows(
      `SELECT type, converted_type, precision, scale, repetition_type FROM parquet_schema('${paths[0]}') WHERE name <> 'duckdb_schema'`,
    );
    const found = rows.map(([type, converted, precision, scale, repetition], index) => {
      const logical = converted === 'DECIMAL' ? `DECIMAL(${precision},${scale})` : String(converted ?? '');
      const named = { UTF8: 'STRING', INT_32: '', INT_64: '' }[logical] ?? logical;
      return { sql: table[index]?.sql, physical: type, logical: named, repetition };
    });
    expect(found).toEqual(table.map((row) => ({ ...row, repetition: 'OPTIONAL' })));
  });

  it('holds every type at its edges as MySQL does, and refuses the dates that do not exist', async () => {
    const columns = typeSamples.map(({ name, sql }) => `\`${name}\` ${sql} NULL DEFAULT NULL`);
    await database.execute("SET SESSION sql_mode = '', time_zone = '+00:00'");
    await database.execute(`CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, ${columns.join(', ')})`);
    const most = Math.max(...typeSamples.map(({ edges }) => edges.length));
    for (let row = 0; row < most; row++) {
      const cells = typeSamples.map(({ edges }) => edges[row % edges.length] ?? 'NULL');
      await database.execute(`INSERT INTO t VALUES (${row}, ${cells.join(', ')})`);
    }
    await database.execute(`INSERT INTO t (id) VALUES (${most})`);
    const moments = typeSamples.filter(({ sql }) => /^(DATETIME|TIMESTAMP)/.test(sql));
    const [[impossible] = []] = await database.query(
      `SELECT COUNT(*) FROM t WHERE ${moments.map(({ name }) => isImpossible(name)).join(' OR ')}`,
    );
    const { paths, rejected } = await exported();
    expect(rejected).toBe(Number(impossible));
    expect(rejected).toBeGreaterThan(0);
    await database.execute(
      `DELETE FROM t WHERE ${moments.map(({ name }) => isImpossible(name)).join(' OR ')}`,
    );
    expect(await cellsOfParquet(paths)).toEqual(await cellsOfMysql());
  });

  it('holds the same dates as MySQL where all of them exist', async () => {
    await database.execute("SET SESSION sql_mode = '', time_zone = '+00:00'");
    await database.execute('CREATE OR REPLACE TABLE t (d DATETIME(6), t TIMESTAMP(6) NULL)');
    await database.execute(
      "INSERT INTO t VALUES ('0001-01-01 00:00:00', '1970-01-01 00:00:01'), ('9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999999'), ('1582-10-10 12:00:00.5', NULL)",
    );
    const { paths, rejected } = await exported();
    expect(rejected).toBe(0);
    const rows = await duckdbRows(
      `SELECT epoch_us(d)::VARCHAR, epoch_us(t)::VARCHAR FROM read_parquet(${parquetList(paths)})`,
    );
    expect(rows).toEqual([
      ['-62135596800000000', '1000000'],
      ['253402300799999999', '2147483647999999'],
      ['-12219681599500000', null],
    ]);
  });
});

/** MySQL says of a zero or impossible date that it is no day of any month. */
function isImpossible(name: string): string {
  return `(\`${name}\` IS NOT NULL AND TO_DAYS(CONCAT(DATE(\`${name}\`), '')) IS NULL)`;
}

/** Cells as texts that both sides print alike. */
async function cellsOfMysql(): Promise<string[][]> {
  const forms = typeSamples.map(({ name, sql, attribute, float }) => {
    if (attribute === 'B')
      return sql.startsWith('BIT') ? `HEX(CAST(\`${name}\` AS BINARY))` : `HEX(\`${name}\`)`;
    if (float) return `CAST(\`${name}\` AS DOUBLE)`;
    return `HEX(CONVERT(\`${name}\` USING utf8mb4))`;
  });
  const rows = await database.query(`SELECT ${forms.join(', ')} FROM t ORDER BY id`);
  return rows.map((cells) =>
    cells.map((cell, index) => comparable(cell === null ? null : String(cell), index)),
  );
}

async function cellsOfParquet(paths: readonly string[]): Promise<string[][]> {
  const forms = typeSamples.map(({ name, sql, attribute, float }) => {
    if (attribute === 'B') return `hex("${name}")`;
    if (float) return `"${name}"::VARCHAR`;
    if (/^(DATETIME|TIMESTAMP)/.test(sql)) return `hex(strftime("${name}", '%Y-%m-%d %H:%M:%S.%f'))`;
    return `hex("${name}"::VARCHAR)`;
  });
  const rows = await duckdbRows(
    `SELECT ${forms.join(', ')} FROM read_parquet(${parquetList(paths)}) ORDER BY id`,
  );
  return rows.map((cells) =>
    cells.map((cell, index) => comparable(cell === null ? null : String(cell), index)),
  );
}

function comparable(cell: string | null, index: number): string {
  const { name, sql, attribute, float } = typeSamples[index] ?? {};
  if (cell === null) return `${name}: NULL`;
  if (float) return `${name}: ${canonicalNumber(String(Number(cell)))}`;
  if (attribute === 'B') return `${name}: ${cell}`;
  const text = Buffer.from(cell, 'hex').toString('utf8');
  if (attribute === 'N') return `${name}: ${canonicalNumber(text)}`;
  if (!/^(DATETIME|TIMESTAMP)/.test(sql ?? '')) return `${name}: ${text}`;
  return `${name}: ${text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')}`;
}
