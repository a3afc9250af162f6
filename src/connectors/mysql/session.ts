import type { Readable } from 'node:stream';
import { createConnection, type Connection as Driver, type FieldPacket, type ResultSetHeader } from 'mysql2';
import { SluiceError } from '../../errors.js';
import { mysqlFailure, nativeFailure } from './failures.js';
import { sessionSettings } from './settings.js';
import type { TlsOptions } from './tls.js';

/** Where to connect to and as whom. Holds a password: never show it (invariant 8). */
export interface Login {
  /** A name, an address, or the path of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string | undefined;
  readonly tls: TlsOptions | undefined;
}

/** A cell as text, or as bytes where the column is binary. */
export type SqlCell = string | null | Buffer;
export type SqlRow = readonly SqlCell[];
export type SqlValue = string | number | bigint | null | Buffer;

/** What a statement without rows did. */
export interface Outcome {
  /** Rows changed (not just found): INSERT … ON DUPLICATE KEY UPDATE counts 1 new, 2 changed, 0 as it was. */
  readonly affected: number;
  readonly warnings: number;
  /** The server's words: `Records: 3  Deleted: 0  Skipped: 0  Warnings: 0`. */
  readonly info: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_DELAY_MS = 30_000;
const ER_UNKNOWN_SYSTEM_VARIABLE = 1193;
const BINARY_CHARSET = 63;
/** BIT, VARCHAR, the BLOBs, VAR_STRING, STRING, GEOMETRY: bytes when their charset is binary. */
const STRING_TYPES: ReadonlySet<number> = new Set([15, 16, 249, 250, 251, 252, 253, 254, 255]);

/**
 * One connection to a server whose session settings are ours (see settings.ts). Statements run one after
 * the other. When the signal is aborted the socket is destroyed and what runs throws the signal's reason.
 */
export class Session {
  readonly #driver: Driver;
  readonly #login: Login;
  readonly #pending = new Set<(error: unknown) => void>();
  #lost: SluiceError | undefined;
  #interrupted = false;
  #bound = '';
  #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.destroy(this.#signal?.reason);
  /** The server's own number for this connection, as KILL wants it; 0 before the handshake. */
  threadId = 0;
  /** As the handshake says it: `8.0.39`, `5.5.5-10.11.6-MariaDB-1`. */
  handshakeVersion = '';

  private constructor(driver: Driver, login: Login) {
    this.#driver = driver;
    this.#login = login;
    driver.on('error', (error) => this.#lose(mysqlFailure(error, this.place)));
    driver.on('end', () => this.#lose(this.#closedByServer()));
    driver.on('warn', () => this.#lose(this.#tornAnswer()));
  }

  static async open(login: Login, signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    const driver = createConnection({
      ...(login.host.startsWith('/') ? { socketPath: login.host } : { host: login.host, port: login.port }),
      user: login.user,
      password: login.password,
      ...(login.database === undefined ? {} : { database: login.database }),
      ...(login.tls === undefined ? {} : { ssl: login.tls }),
      charset: 'UTF8MB4_GENERAL_CI',
      connectTimeout: CONNECT_TIMEOUT_MS,
      enableKeepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
      flags: ['-FOUND_ROWS'],
      typeCast: false,
      rowsAsArray: true,
    });
    const session = new Session(driver, login);
    session.lend(signal);
    try {
      await session.#connected();
      await session.#settle();
      return session;
    } catch (error) {
      session.destroy(error);
      throw error;
    }
  }

  /** From now on this signal ends what runs. */
  lend(signal: AbortSignal | undefined): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted) this.destroy(signal.reason);
  }

  /** Whether the connection broke or was destroyed; it is of no more use. */
  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /** Whether a statement runs, or did when the session was destroyed, so that the server may still run it. */
  get busy(): boolean {
    return this.#pending.size > 0 || this.#interrupted;
  }

  /** The driver's connection, for the streaming reader. */
  get driver(): Driver {
    return this.#driver;
  }

  /** The rows of a small result. `?` in the statement stand for the values. */
  async rows(sql: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    const [rows, fields] = await this.#call(sql, values);
    if (!Array.isArray(rows)) return [];
    const readers = fields.map(cellReader);
    return (rows as (Buffer | null)[][]).map((row) => row.map((cell, index) => read(cell, readers[index])));
  }

  /** Like `rows`, each by the names of its columns: for statements whose columns differ between servers. */
  async records(sql: string): Promise<readonly ReadonlyMap<string, SqlCell>[]> {
    const [rows, fields] = await this.#call(sql, []);
    const readers = fields.map(cellReader);
    return (rows as (Buffer | null)[][]).map(
      (row) => new Map(row.map((cell, index) => [fields[index]?.name ?? '', read(cell, readers[index])])),
    );
  }

  /**
   * Runs a statement that holds SQL of the declaration and no values of rows, so that the server's words about
   * it may be shown. Returns the columns of its result, as the server describes them.
   */
  async check(sql: string): Promise<readonly FieldPacket[]> {
    const [, fields] = await this.#call(sql, [], undefined, 'in words');
    return fields;
  }

  /** Runs a statement that gives no rows. `infile` is what LOAD DATA LOCAL reads: a stream of Buffers. */
  async run(sql: string, values: readonly SqlValue[] = [], infile?: () => Readable): Promise<Outcome> {
    const [header] = await this.#call(sql, values, infile);
    if (Array.isArray(header)) throw new Error('the statement gave rows');
    const { affectedRows, warningStatus, info } = header as ResultSetHeader;
    return { affected: affectedRows, warnings: warningStatus, info };
  }

  /**
   * Gives user variables their values, as parameters of a prepared statement: no value is ever part of a statement's
   * text. They stay for the session's life.
   */
  async bind(variables: ReadonlyMap<string, string>): Promise<void> {
    const wanted = JSON.stringify([...variables]);
    if (wanted === this.#bound) return;
    const sql = `SET ${[...variables.keys()].map((name) => `${name} = ?`).join(', ')}`;
    await new Promise<void>((resolve, reject) => {
      const unwatch = this.watch(reject);
      if (this.#lost) return;
      this.#driver.execute(sql, [...variables.values()], (error) => {
        unwatch();
        if (error) reject(mysqlFailure(error, this.place));
        else resolve();
      });
    });
    this.#bound = wanted;
  }

  /** Makes `reject` be called if the connection breaks meanwhile; returns the function that ends this. */
  watch(reject: (error: unknown) => void): () => void {
    if (this.#lost) reject(this.#lost);
    else this.#pending.add(reject);
    return () => this.#pending.delete(reject);
  }

  /** Ends the connection in order, if nothing runs. */
  end(): void {
    if (this.busy || this.lost) {
      this.destroy();
      return;
    }
    this.lend(undefined);
    this.#lost = this.#ended();
    this.#driver.end();
  }

  /** Closes the socket at once; what runs throws `reason`. */
  destroy(reason: unknown = this.#ended()): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#lost ??= reason instanceof SluiceError ? reason : this.#ended();
    this.#interrupted ||= this.#pending.size > 0;
    this.#driver.destroy();
    this.#rejectAll(reason);
  }

  #call(
    sql: string,
    values: readonly SqlValue[],
    infile?: () => Readable,
    failures?: 'in words',
  ): Promise<[rows: unknown, fields: FieldPacket[]]> {
    return new Promise((resolve, reject) => {
      const unwatch = this.watch(reject);
      if (this.#lost) return;
      this.#driver.query(
        { sql, values: [...values], ...(infile ? { infileStreamFactory: infile } : {}) },
        (error, rows, fields) => {
          unwatch();
          if (error) reject(mysqlFailure(error, this.place, failures));
          else resolve([rows, fields ?? []]);
        },
      );
    });
  }

  #connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      const unwatch = this.watch(reject);
      this.#driver.once('connect', (handshake: { serverVersion?: string }) => {
        unwatch();
        this.handshakeVersion = handshake?.serverVersion ?? '';
        this.threadId = this.#driver.threadId ?? 0;
        resolve();
      });
    });
  }

  /** All settings in one statement; one by one where the server does not know them all. */
  async #settle(): Promise<void> {
    const settings = sessionSettings(this.handshakeVersion);
    try {
      await this.run(`SET ${settings.join(', ')}`);
    } catch (error) {
      if (nativeFailure(error)?.errno !== ER_UNKNOWN_SYSTEM_VARIABLE) throw error;
      await this.#settleEach(settings);
    }
  }

  async #settleEach(settings: readonly string[]): Promise<void> {
    for (const setting of settings) {
      try {
        await this.run(`SET ${setting}`);
      } catch (error) {
        if (nativeFailure(error)?.errno !== ER_UNKNOWN_SYSTEM_VARIABLE) throw error;
      }
    }
    await this.run('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  }

  #lose(error: SluiceError): void {
    if (this.#lost) return;
    this.#lost = error;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#driver.destroy();
    this.#rejectAll(error);
  }

  #rejectAll(error: unknown): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const reject of pending) reject(error);
  }

  get place(): string {
    const { host, port } = this.#login;
    return host.startsWith('/') ? host : `${host}:${port}`;
  }

  #closedByServer(): SluiceError {
    return new SluiceError('connection_lost', `${this.place}: the server closed the connection`, {
      retry: 'later',
    });
  }

  #tornAnswer(): SluiceError {
    return new SluiceError('response_invalid', `${this.place}: packets came out of order`, {
      retry: 'later',
    });
  }

  #ended(): SluiceError {
    return new SluiceError('connection_lost', `${this.place}: the connection was closed`, {
      retry: 'later',
    });
  }
}

function read(cell: Buffer | null, reader: ((cell: Buffer) => SqlCell) | undefined): SqlCell {
  return cell === null || reader === undefined ? cell : reader(cell);
}

/** How the cells of a result's column are read: text as UTF-8, binary strings as they are. */
function cellReader(field: FieldPacket): (cell: Buffer) => SqlCell {
  const binary = field.characterSet === BINARY_CHARSET && STRING_TYPES.has(field.columnType ?? 0);
  return binary ? (cell) => cell : (cell) => cell.toString('utf8');
}
