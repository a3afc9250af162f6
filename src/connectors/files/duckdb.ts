import { createRequire } from 'node:module';
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
/**
 * What DuckDB's allocator may keep of freed memory, and of what is freed at once. It keeps it for each thread of Node's that
 * has ever run a statement: DuckDB's own default for the second, 512 MiB, adds 40 MB while a file grows; 2 MB takes a
 * twentieth more of DuckDB's time.
 */
const FLUSH_THRESHOLD = '16MB';
const BULK_FLUSH_THRESHOLD = '2MB';
/** Side by side, unless its user wants fewer. */
const THREADS = 2;

type Api = typeof import('@duckdb/node-api');
type Instance = Awaited<ReturnType<Api['DuckDBInstance']['create']>>;
type Connection = Awaited<ReturnType<Instance['connect']>>;

let instance: Promise<Instance> | undefined;
/** Kept for the next user, with the threads that it was last used with; not after a failure. */
let kept: { readonly connection: Connection; readonly threads: number } | undefined;
/** One at a time: the memory limit is for all of them together. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Lends DuckDB, in memory and without a network, to one user at a time. Throws `package_missing` where it is not
 * installed. The signal interrupts what runs. Rows keep their order.
 */
export async function withDuckdb<T>(
  signal: AbortSignal,
  use: (duckdb: Duckdb) => Promise<T>,
  { threads = THREADS }: { readonly threads?: number } = {},
): Promise<T> {
  const turn = last.then(() => lend(signal, use, threads));
  last = turn.catch(() => undefined); // whoever asked is told by `turn`
  return await turn;
}

async function lend<T>(
  signal: AbortSignal,
  use: (duckdb: Duckdb) => Promise<T>,
  threads: number,
): Promise<T> {
  signal.throwIfAborted();
  const connection = await connected(threads);
  const interrupt = () => connection.interrupt();
  signal.addEventListener('abort', interrupt);
  try {
    const lent = await use({
      run: async (sql) => {
        await connection.run(sql);
      },
      rows: async (sql) => (await connection.runAndReadAll(sql)).getRows(),
    });
    kept = { connection, threads };
    return lent;
  } catch (error) {
    connection.closeSync();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}

/** The one that is kept, which is nobody's but the caller's then, or a new one. */
async function connected(threads: number): Promise<Connection> {
  const { connection, threads: set } = kept ?? { connection: await connect(), threads: undefined };
  kept = undefined;
  if (set !== threads) await connection.run(`SET threads = ${threads}`);
  return connection;
}

async function connect(): Promise<Connection> {
  instance ??= open();
  const connection = await (await instance).connect();
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

async function open(): Promise<Instance> {
  const { DuckDBInstance } = await needDuckdb();
  return await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY_LIMIT,
    allocator_flush_threshold: FLUSH_THRESHOLD,
    allocator_bulk_deallocation_flush_threshold: BULK_FLUSH_THRESHOLD,
    threads: String(THREADS),
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
}

/** Throws `package_missing`. */
export async function needDuckdb(): Promise<Api> {
  try {
    // `import` would parse all of the package for its names first: 0.15 s more before the first row.
    return createRequire(import.meta.url)('@duckdb/node-api') as Api;
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
