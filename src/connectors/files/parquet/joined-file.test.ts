import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { duckdbRows } from '../../../../test/fixtures/file-sink.js';
import { pyarrow } from '../../../../test/fixtures/pyarrow.js';
import { JoinedFile } from './joined-file.js';

/** More than fourteen: Thrift spells longer lists in another way. */
const FILES = 20;
const ROWS = 3000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-joined-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const rows = (file: number) => `SELECT i AS id, 'label ' || (i * 7919 % 50) AS label, i % 3 = 0 AS odd,
  CASE WHEN i % 5 > 0 THEN (i / 8)::DOUBLE END AS number, (i / 100)::DECIMAL(20, 2) AS total,
  repeat('Ω"', (i % 40)::INT) AS note, [i, NULL] AS list, TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND AS at
  FROM range(${file * ROWS}, ${(file + 1) * ROWS}) AS t(i)`;

/** Files of one row group, but for the second, which has two, and the third, which has none. */
async function parts(): Promise<string[]> {
  return await withDuckdb(async (duckdb) => {
    const paths: string[] = [];
    for (let file = 0; file < FILES; file++) {
      const path = join(folder, `part-${file}`);
      const some = file === 2 ? `FROM (${rows(file)}) WHERE false` : `FROM (${rows(file)})`;
      const size = file === 1 ? 2048 : 2 * ROWS;
      await duckdb.run(`COPY (${some}) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE ${size})`);
      paths.push(path);
    }
    return paths;
  });
}

async function withDuckdb<T>(use: (duckdb: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const duckdb = await instance.connect();
  try {
    return await use(duckdb);
  } finally {
    duckdb.closeSync();
    instance.closeSync();
  }
}

async function joined(paths: readonly string[]): Promise<string> {
  const path = join(folder, 'joined');
  const file = await JoinedFile.create(path);
  try {
    for (const one of paths) await file.add(one);
    await file.end();
    return path;
  } finally {
    await file.close();
  }
}

describe('a file put together of files', () => {
  it('holds their rows in their order, their statistics, and the filters that tell what is not there', async () => {
    const paths = await parts();
    const path = await joined(paths);
    const list = paths.map((one) => `'${one}'`).join(', ');
    const differing = await duckdbRows(`
      SELECT count(*) FROM (SELECT row_number() OVER () AS n, * FROM read_parquet('${path}')) AS a
      FULL JOIN (SELECT row_number() OVER () AS n, * FROM read_parquet([${list}])) AS b USING (n)
      WHERE a IS DISTINCT FROM b`);
    expect(differing.map(String)).toEqual(['0']);
    const groups = await duckdbRows(`SELECT DISTINCT row_group_id, row_group_num_rows, stats_min_value
      FROM parquet_metadata('${path}') WHERE path_in_schema = 'id' ORDER BY 1`);
    expect(groups.map((group) => group.map(Number))).toEqual([
      [0, 3000, 0],
      [1, 2048, 3000],
      [2, 952, 5048],
      ...Array.from({ length: FILES - 3 }, (_, index) => [index + 3, ROWS, (index + 3) * ROWS]),
    ]);
    const excluded = (label: string) =>
      duckdbRows(
        `SELECT DISTINCT bloom_filter_excludes FROM parquet_bloom_probe('${path}', 'label', '${label}')`,
      );
    expect(await excluded('label 7')).toEqual([[false]]);
    expect(await excluded('label 777777')).toContainEqual([true]);
  });

  it('is read by pyarrow as they are', async (context) => {
    const python = await pyarrow(context);
    const paths = await parts();
    const script = `
import sys, pyarrow as pa, pyarrow.parquet as pq
joined = pq.ParquetFile(sys.argv[1])
wanted = pa.concat_tables([pq.ParquetFile(path).read() for path in sys.argv[2].split('|')])
assert joined.read().equals(wanted), 'rows differ'
assert joined.metadata.num_rows == wanted.num_rows
first = 0
for index in range(joined.num_row_groups):
    group = joined.metadata.row_group(index)
    statistics = group.column(0).statistics
    assert statistics.min >= first and statistics.max == statistics.min + group.num_rows - 1, statistics
    first = statistics.max + 1
print(joined.num_row_groups)
`;
    const found = await python(script, await joined(paths), paths.join('|'));
    expect(found.trim()).toBe(String(FILES));
  });

  it('of one file is that file', async () => {
    const [path = ''] = await parts();
    expect((await readFile(await joined([path]))).equals(await readFile(path))).toBe(true);
  });

  it('is refused of files with other columns', async () => {
    const [path = ''] = await parts();
    const other = join(folder, 'other');
    await withDuckdb((duckdb) => duckdb.run(`COPY (SELECT 1 AS id) TO '${other}' (FORMAT parquet)`));
    await expect(joined([path, other])).rejects.toThrow('other columns');
  });

  it.for([1, 9, 400])('is refused of a file that lacks its last %i bytes', async (missing) => {
    const [path = ''] = await parts();
    await truncate(path, (await readFile(path)).length - missing);
    await expect(joined([path])).rejects.toThrow(RangeError);
  });

  it('is refused of a file that is none', async () => {
    const path = join(folder, 'text');
    await writeFile(path, 'PAR1 and so on, but not for long');
    await expect(joined([path])).rejects.toThrow(RangeError);
  });
});
