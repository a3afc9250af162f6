import { SluiceError } from '../../../errors.js';
import { type Duckdb, sqlText, withDuckdb } from '../duckdb.js';
import type { ParquetField } from './parquet-types.js';

/** What a Parquet file says of itself. */
export interface ParquetFile {
  readonly fields: readonly ParquetField[];
  readonly rows: number;
  /** In their order. */
  readonly groups: readonly { readonly rows: number; readonly bytes: number }[];
}

/** Reads the file's own description. `name` is for people. @throws SluiceError file_torn, package_missing */
export async function describeParquet(path: string, name: string, signal: AbortSignal): Promise<ParquetFile> {
  return await withDuckdb(signal, async (duckdb) => {
    try {
      const fields = await fieldsOf(duckdb, path);
      const [metadata] = await duckdb.rows(`SELECT num_rows FROM parquet_file_metadata(${sqlText(path)})`);
      const groups = await duckdb.rows(
        `SELECT any_value(row_group_num_rows), sum(total_uncompressed_size)
           FROM parquet_metadata(${sqlText(path)}) GROUP BY row_group_id ORDER BY row_group_id`,
      );
      return {
        fields,
        rows: Number(metadata?.[0]),
        groups: groups.map(([rows, bytes]) => ({ rows: Number(rows), bytes: Number(bytes) })),
      };
    } catch (error) {
      throw parquetFailure(error, name, signal);
    }
  });
}

/** Without DuckDB's own text, which may quote a value (invariant 8). */
export function parquetFailure(error: unknown, name: string, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof SluiceError) return error;
  const memory = error instanceof Error && /^Out of Memory/i.test(error.message);
  if (memory) {
    return new SluiceError('unsupported', `${name} has pages too large for the memory that DuckDB is lent`, {
      hint: 'write it with smaller row groups',
    });
  }
  return new SluiceError('file_torn', `${name} cannot be read as Parquet`, {
    hint: 'it was cut short, is encrypted, or is no Parquet file',
  });
}

interface SchemaNode {
  readonly name: string;
  readonly children: number;
  readonly physical: string;
  /** As DuckDB prints Parquet's own: `TimeType(…, unit=TimeUnit(…, NANOS=NanoSeconds()))`. */
  readonly logical: string;
  readonly precision: number;
}

async function fieldsOf(duckdb: Duckdb, path: string): Promise<readonly ParquetField[]> {
  const file = sqlText(path);
  const described = await duckdb.rows(`DESCRIBE SELECT * FROM read_parquet(${file})`);
  const nodes = await duckdb.rows(
    `SELECT name, num_children, type, logical_type, precision FROM parquet_schema(${file})`,
  );
  const tree = nodes.map(
    ([name, children, physical, logical, precision]): SchemaNode => ({
      name: String(name),
      children: Number(children ?? 0),
      physical: String(physical),
      logical: String(logical ?? ''),
      precision: Number(precision ?? 0),
    }),
  );
  const tops = topsOf(tree);
  return described.map(([name, type], index) => ({
    name: String(name),
    type: String(type),
    // DuckDB gives another name to a column whose name another has in other letters.
    inexact:
      tops[index]?.name === name ? tops[index]?.inexact : 'its name is that of another, but for its case',
  }));
}

/** The columns at the top; the list has a node before those below it, the root first. */
function topsOf(
  tree: readonly SchemaNode[],
): readonly { readonly name: string; readonly inexact?: string }[] {
  const tops: { name: string; inexact?: string }[] = [];
  for (let at = 1; at < tree.length; ) {
    const end = endOf(tree, at);
    const inexact = tree
      .slice(at, end)
      .map(inexactness)
      .find((one) => one !== undefined);
    tops.push({ name: tree[at]?.name ?? '', ...(inexact === undefined ? {} : { inexact }) });
    at = end;
  }
  return tops;
}

function endOf(tree: readonly SchemaNode[], start: number): number {
  let end = start + 1;
  for (let left = tree[start]?.children ?? 0; left > 0; left--) end = endOf(tree, end);
  return end;
}

/** DuckDB's decimals have no more digits. https://duckdb.org/docs/stable/sql/data_types/numeric */
const MAX_DECIMAL_DIGITS = 38;

function inexactness({ physical, logical, precision }: SchemaNode): string | undefined {
  // Some versions of DuckDB read a time of nanoseconds as one of microseconds.
  if (physical === 'INT96' || logical.includes('NANOS=NanoSeconds')) {
    return 'it counts nanoseconds, which no column here holds';
  }
  return precision > MAX_DECIMAL_DIGITS ? `a decimal of ${precision} digits` : undefined;
}
