import { SluiceError } from '../../errors.js';

/** As much of DuckDB as is used here, so that the package may be absent. */
export interface Duckdb {
  /** Runs a statement; aborting the signal interrupts it. Throws what DuckDB throws. */
  run(sql: string): Promise<void>;
  /** Runs a query and gives its rows. */
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
}

/** All that DuckDB may hold at once, whatever is asked of it (invariant 7). */
const MEMORY_LIMIT = '128MB';
/** What the C library may keep of freed memory. */
const FLUSH_THRESHOLD = '16MB';
const THREADS = '2';

type Api = typeof import('@duckdb/node-api');
type Instance = Awaited<ReturnType<Api['DuckDBInstance']['create']>>;

let instance: Promise<Instance> | undefined;
/** One at a time: the memory limit is for all of them together. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Lends DuckDB, in memory and without a network, to one user at a time. Throws `package_missing` where it is not
 * installed. The signal interrupts what runs. Rows keep their order where it is asked for: without it, row groups are as
 * large as they should be, whatever the size of what they are made of.
 */
export async function withDuckdb<T>(
  signal: AbortSignal,
  use: (duckdb: Duckdb) => Promise<T>,
  { ordered = false }: { readonly ordered?: boolean } = {},
): Promise<T> {
  const turn = last.then(() => lend(signal, use, ordered));
  last = turn.catch(() => undefined); // whoever asked is told by `turn`
  return await turn;
}

async function lend<T>(
  signal: AbortSignal,
  use: (duckdb: Duckdb) => Promise<T>,
  ordered: boolean,
): Promise<T> {
  signal.throwIfAborted();
  instance ??= open();
  const connection = await (await instance).connect();
  const interrupt = () => connection.interrupt();
  signal.addEventListener('abort', interrupt);
  try {
    await connection.run(`SET TimeZone = 'UTC'; SET preserve_insertion_order = ${ordered}`);
    return await use({
      run: async (sql) => {
        await connection.run(sql);
      },
      rows: async (sql) => (await connection.runAndReadAll(sql)).getRows(),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', interrupt);
    connection.closeSync();
  }
}

async function open(): Promise<Instance> {
  const { DuckDBInstance } = await needDuckdb();
  return await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY_LIMIT,
    allocator_flush_threshold: FLUSH_THRESHOLD,
    threads: THREADS,
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
}

/** Throws `package_missing`. */
export async function needDuckdb(): Promise<Api> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    throw new SluiceError('package_missing', 'Parquet needs DuckDB, which is not installed', {
      hint: 'npm install @duckdb/node-api',
      cause: error,
    });
  }
}

/** Text as a literal of SQL. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as an identifier of SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
