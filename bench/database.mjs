import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createConnection } from 'mysql2/promise';
import { startMysql } from '../.local/compiled/local/mysql.js';
import { answers, root, run } from './program.mjs';
import { fileLineOf, TABLE_DEFINITION } from './rows.mjs';

const LINES_PER_WRITE = 5000;
const MAX_POOL_BYTES = 1536 * 1024 * 1024;
const LOG_BYTES = 1024 * 1024 * 1024;

/** A private server with a pool that holds the tables (or the one of SLUICE_MYSQL_URL as it is), and what the measurements ask of it. */
export class Database {
  #server;
  #admin;
  #name;
  #client;
  /** Files of generated rows by number of rows. @type {Map<number, string>} */
  #files = new Map();

  static async start() {
    const server = await startMysql();
    const { host, port, user, password } = server;
    const admin = await createConnection({ host, port, user, password, multipleStatements: true });
    await tune(admin);
    const name = `sluice_bench_${randomBytes(4).toString('hex')}`;
    await admin.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4; USE ${name}`);
    return new Database(server, admin, name, await findClient());
  }

  /**
   * @param {import('../.local/compiled/local/mysql.js').LocalMysql} server
   * @param {import('mysql2/promise').Connection} admin
   * @param {string} name
   * @param {string | undefined} client
   */
  constructor(server, admin, name, client) {
    this.#server = server;
    this.#admin = admin;
    this.#name = name;
    this.#client = client;
  }

  /** What a declaration's connection needs; the password is in the environment as BENCH_PASSWORD. */
  get connection() {
    const { host, port, user } = this.#server;
    return {
      kind: 'mysql',
      host,
      port,
      user,
      password: { env: 'BENCH_PASSWORD' },
      database: this.#name,
      tls: 'off',
    };
  }

  get password() {
    return this.#server.password;
  }

  /** What pymysql.connect takes. */
  get credentials() {
    const { host, port, user, password } = this.#server;
    return { host, port, user, password, database: this.#name };
  }

  /** go-sql-driver's data source name. */
  get dataSourceName() {
    const { host, port, user, password, database } = this.credentials;
    return `${user}:${password}@tcp(${host}:${port})/${database}?charset=utf8mb4&maxAllowedPacket=0`;
  }

  /** @param {string} sql */
  async execute(sql) {
    await this.#admin.query(sql);
  }

  /**
   * Makes the table with rows 1 to `rows`.
   * @param {string} table
   * @param {number} rows
   */
  async fill(table, rows) {
    await this.empty(table);
    await this.load(table, rows);
    await this.execute(`ANALYZE TABLE ${table}`);
  }

  /**
   * Makes the table anew, with no rows.
   * @param {string} table
   */
  async empty(table) {
    await this.execute(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} ${TABLE_DEFINITION}`);
  }

  /**
   * `LOAD DATA LOCAL` of the prepared file by the server's own client, a process of its own; by the driver where
   * there is no client.
   * @param {string} table
   * @param {number} rows
   * @returns {Promise<number>} seconds of the whole process
   */
  async load(table, rows) {
    const file = await this.file(rows);
    const sql = `LOAD DATA LOCAL INFILE '${file}' INTO TABLE ${table} CHARACTER SET utf8mb4`;
    if (!this.#client) return await this.#loadByDriver(sql, file);
    const { host, port, user, database } = this.credentials;
    const where = ['-h', host, '-P', String(port), '-u', user, '--local-infile=1', '-D', database];
    const { seconds } = await run(this.#client, ['--no-defaults', ...where, '-e', sql], {
      environment: { MYSQL_PWD: this.password },
    });
    return seconds;
  }

  /**
   * @param {string} sql
   * @param {string} file
   */
  async #loadByDriver(sql, file) {
    const started = performance.now();
    await this.#admin.query({
      sql,
      infileStreamFactory: () => createReadStream(file, { highWaterMark: 1 << 20 }),
    });
    return (performance.now() - started) / 1000;
  }

  /**
   * The prepared file of rows 1 to `rows`.
   * @param {number} rows
   */
  async file(rows) {
    const known = this.#files.get(rows);
    if (known) return known;
    const folder = join(root, '.local', 'bench');
    await mkdir(folder, { recursive: true });
    const file = join(folder, `rows-${rows}-${process.pid}.tsv`);
    await pipeline(Readable.from(fileText(rows)), createWriteStream(file));
    this.#files.set(rows, file);
    return file;
  }

  /**
   * Throws unless both tables hold the same rows.
   * @param {string} expected
   * @param {string} actual
   */
  async assertEqual(expected, actual) {
    const [rows] = await this.#admin.query(`CHECKSUM TABLE ${expected}, ${actual}`);
    const [first, second] = /** @type {{ Checksum: number }[]} */ (rows).map((row) => row.Checksum);
    if (first === undefined || first !== second)
      throw new Error(`${actual} does not hold the rows of ${expected}`);
  }

  /**
   * @param {string} table
   * @returns {Promise<number>}
   */
  async count(table) {
    const [rows] = await this.#admin.query(`SELECT COUNT(*) AS n FROM ${table}`);
    return Number(/** @type {{ n: number }[]} */ (rows)[0]?.n);
  }

  /**
   * @param {string} table
   * @param {number} id
   * @returns {Promise<boolean>}
   */
  async holds(table, id) {
    const [rows] = await this.#admin.query(`SELECT 1 FROM ${table} WHERE id = ${id}`);
    return /** @type {unknown[]} */ (rows).length > 0;
  }

  async stop() {
    await this.#admin.query(`DROP DATABASE ${this.#name}`);
    await this.#admin.end();
    await this.#server.stop();
    await Promise.all([...this.#files.values()].map((file) => rm(file, { force: true })));
  }
}

/** @param {number} rows */
function* fileText(rows) {
  for (let first = 1; first <= rows; first += LINES_PER_WRITE) {
    let text = '';
    for (let id = first; id < Math.min(first + LINES_PER_WRITE, rows + 1); id++) text += fileLineOf(id);
    yield Buffer.from(text);
  }
}

/**
 * Servers that do not let us, or do not know a setting, stay as they are.
 * @param {import('mysql2/promise').Connection} admin
 */
async function tune(admin) {
  const pool = Math.min(MAX_POOL_BYTES, Math.floor(totalmem() / 4));
  for (const setting of [`innodb_buffer_pool_size = ${pool}`, `innodb_log_file_size = ${LOG_BYTES}`]) {
    try {
      await admin.query(`SET GLOBAL ${setting}`);
    } catch (error) {
      process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
    }
  }
}

async function findClient() {
  for (const client of ['mariadb', 'mysql']) {
    if (await answers(client, ['--version'])) return client;
  }
  return undefined;
}
