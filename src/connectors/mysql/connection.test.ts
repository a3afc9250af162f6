import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { testContext } from '../../../test/fixtures/context.js';
import { httpServer } from '../../../test/fixtures/http-server.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { startMysql } from '../../local/mysql.js';
import { Connections } from './connection.js';
import type { MysqlConnectionOptions } from './options.js';
import { isLoopback, tlsFor } from './tls.js';

const USER = 'rotating';
let database: TestDatabase;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await testDatabase('connection');
  await database.execute(`CREATE OR REPLACE USER ${USER} IDENTIFIED BY 'first'; GRANT ALL ON *.* TO ${USER}`);
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(() => database.drop());

async function connect(options: object, env: Record<string, string> = {}, retry = false) {
  const context = await testContext({
    env: { ...process.env, ...env },
    ...(retry ? {} : { retry: (call) => call() }),
  });
  const connections = new Connections(options as MysqlConnectionOptions, context.context);
  closers.push(async () => {
    await connections.close();
    await context.close();
  });
  const ask = (sql: string) => connections.withConnection(context.context, (session) => session.rows(sql));
  return { connections, context, ask };
}

/** Speaks as much of Secrets Manager's JSON protocol as GetSecretValue needs. */
async function secretsManager(answer: () => object): Promise<{ endpoint: string; asked: () => number }> {
  let asked = 0;
  const server = await httpServer((request, response) => {
    asked++;
    expect(request.headers['x-amz-target']).toBe('secretsmanager.GetSecretValue');
    const body = answer();
    const failed = '__type' in body;
    response.writeHead(failed ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(body));
  });
  closers.push(server.stop);
  return { endpoint: server.endpoint, asked: () => asked };
}

const aws = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

function secretText(fields: object = {}): string {
  const { host, port } = inject('mysql');
  return JSON.stringify({ host, port, username: USER, password: 'first', dbname: database.name, ...fields });
}

describe('a session', () => {
  it('has our settings, whatever the server has', async () => {
    const server = await startMysql({
      extraArgs: [
        '--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES',
        '--default-time-zone=+05:00',
        '--max-statement-time=1',
      ],
    });
    closers.push(() => server.stop());
    const { ask } = await connect({ kind: 'mysql', host: server.host, port: server.port, user: server.user });
    const [row] = await ask(
      'SELECT @@sql_mode, @@time_zone, @@character_set_results, @@tx_isolation, @@autocommit, @@net_write_timeout, @@max_statement_time, "a\\n"',
    );
    expect(String(row?.[0]).split(',').sort()).toEqual([
      'ALLOW_INVALID_DATES',
      'ERROR_FOR_DIVISION_BY_ZERO',
      'NO_AUTO_VALUE_ON_ZERO',
      'NO_ENGINE_SUBSTITUTION',
      'STRICT_ALL_TABLES',
      'STRICT_TRANS_TABLES',
    ]);
    expect(row?.slice(1)).toEqual(['+00:00', 'utf8mb4', 'REPEATABLE-READ', '1', '86400', '0.000000', 'a\n']);
  });

  it('is lent again, and thrown away with its transaction when its use failed', async () => {
    const { connections, context, ask } = await connect(database.connection);
    const [[first] = []] = await ask('SELECT CONNECTION_ID()');
    const [[second] = []] = await ask('SELECT CONNECTION_ID()');
    expect(second).toBe(first);
    await database.execute('CREATE TABLE kept (id INT)');
    const failing = connections.withConnection(context.context, async (session) => {
      await session.run('START TRANSACTION');
      await session.run('INSERT INTO kept VALUES (1)');
      throw new Error('the use failed');
    });
    await expect(failing).rejects.toThrow('the use failed');
    const [[third] = []] = await ask('SELECT CONNECTION_ID()');
    expect(third).not.toBe(first);
    expect(await ask('SELECT * FROM kept')).toEqual([]);
  });

  it('that the server closed while idle is not lent again', async () => {
    const { ask } = await connect(database.connection);
    const [[id] = []] = await ask('SELECT CONNECTION_ID()');
    await database.execute(`KILL ${id}`);
    await expect.poll(async () => (await ask('SELECT 1').catch(() => []))[0]?.[0]).toBe('1');
  });

  it('gives bytes as bytes and text as text', async () => {
    const { ask } = await connect(database.connection);
    expect(await ask(`SELECT x'c328', _utf8mb4 x'f09f9880', NULL, 1.50, CAST('2026-01-01' AS DATE)`)).toEqual(
      [[Buffer.from([0xc3, 0x28]), '😀', null, '1.50', '2026-01-01']],
    );
  });
});

describe('a connection that cannot be made', () => {
  it('says that the password is wrong, without the password', async () => {
    const { ask } = await connect(
      { ...database.connection, user: USER, password: { env: 'PW' } },
      { PW: 'hunter2' },
    );
    const error = await ask('SELECT 1').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'access_denied', retry: 'never' });
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });

  it('names the variable of the password that is not set', async () => {
    const { ask } = await connect({ ...database.connection, password: { env: 'NOT_SET_AT_ALL' } });
    await expect(ask('SELECT 1')).rejects.toMatchObject({
      code: 'env_missing',
      message: expect.stringContaining('NOT_SET_AT_ALL'),
    });
  });

  it.each([
    [{ port: 1 }, 'unreachable'],
    [{ host: 'no-such-host.invalid', tls: 'required' }, 'unreachable'],
    [{ database: 'no_such_database' }, 'table_missing'],
    [{ host: undefined }, 'declaration_invalid'],
    [{ user: undefined }, 'declaration_invalid'],
    [{ tls: 'required' }, 'tls_required'],
    [{ host: 'db.example.com', tls: 'off' }, 'tls_required'],
    [{ tls: { ca: 'no-such-file.pem' } }, 'file_unreadable'],
  ])('with %j is %s, with a hint', async (change, code) => {
    const { ask } = await connect({ ...database.connection, ...change });
    await expect(ask('SELECT 1')).rejects.toMatchObject({ code });
  });

  it('is tried again while nothing listens', async () => {
    let calls = 0;
    const context = await testContext({
      retry: async (call) => {
        for (;;) {
          calls++;
          try {
            return await call();
          } catch (error) {
            if (calls === 3) throw error;
          }
        }
      },
    });
    const connections = new Connections(
      { ...database.connection, port: 1 } as MysqlConnectionOptions,
      context.context,
    );
    await expect(connections.lease(context.context)).rejects.toMatchObject({
      code: 'unreachable',
      retry: 'later',
    });
    expect(calls).toBe(3);
    await context.close();
  });
});

describe('a secret', () => {
  it.each([
    ['SecretString', (text: string) => ({ SecretString: text })],
    ['SecretBinary', (text: string) => ({ SecretBinary: Buffer.from(text).toString('base64') })],
    [
      'SecretBinary whose content is base64 itself',
      (text: string) => ({
        SecretBinary: Buffer.from(`${Buffer.from(text).toString('base64')}\n`).toString('base64'),
      }),
    ],
  ])('in %s gives the connection', async (_, answer) => {
    const { endpoint } = await secretsManager(() => answer(secretText()));
    const { ask, connections } = await connect({ kind: 'mysql', secret: 'prod/shop', endpoint }, aws);
    expect(await ask('SELECT USER() LIKE "rotating@%", DATABASE()')).toEqual([['1', database.name]]);
    expect(await connections.database()).toBe(database.name);
  });

  it('is overridden by what is declared', async () => {
    const { endpoint } = await secretsManager(() => ({
      SecretString: secretText({ dbname: 'other', port: '1' }),
    }));
    const { port } = inject('mysql');
    const { ask } = await connect({ kind: 'mysql', secret: 's', endpoint, port, database: 'mysql' }, aws);
    expect(await ask('SELECT DATABASE()')).toEqual([['mysql']]);
  });

  it('is read once more when the password was rotated, and then works', async () => {
    let password = 'first';
    const { endpoint, asked } = await secretsManager(() => ({ SecretString: secretText({ password }) }));
    const { ask, connections, context } = await connect({ kind: 'mysql', secret: 's', endpoint }, aws);
    await ask('SELECT 1');
    password = 'second';
    await database.execute(`ALTER USER ${USER} IDENTIFIED BY 'second'`);
    closers.push(() => database.execute(`ALTER USER ${USER} IDENTIFIED BY 'first'`));
    const sessions = await Promise.all([1, 2, 3].map(() => connections.lease(context.context)));
    expect(asked()).toBe(2);
    for (const session of sessions) connections.release(session);
  });

  it('that holds a wrong password is read twice, then the refusal is said', async () => {
    const { endpoint, asked } = await secretsManager(() => ({
      SecretString: secretText({ password: 'hunter2' }),
    }));
    const { ask } = await connect({ kind: 'mysql', secret: 's', endpoint }, aws);
    const error = await ask('SELECT 1').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'access_denied' });
    expect(asked()).toBe(2);
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });

  it.each([
    [{ SecretString: 'hunter2' }, 'secret_invalid'],
    [{ SecretString: '["hunter2"]' }, 'secret_invalid'],
    [{ SecretString: '{"host": "h", "username": "u", "port": "hunter2"}' }, 'secret_invalid'],
    [{ SecretString: '{"username": "u", "password": "hunter2"}' }, 'secret_invalid'],
    [{ SecretString: '{"host": "127.0.0.1", "password": "hunter2"}' }, 'secret_invalid'],
    [{ SecretString: '{"host": ["hunter2"]}' }, 'secret_invalid'],
    [{}, 'secret_invalid'],
    [{ __type: 'ResourceNotFoundException', message: 'gone' }, 'secret_invalid'],
    [{ __type: 'AccessDeniedException', message: 'no' }, 'access_denied'],
    [{ __type: 'InternalServiceError', message: 'later' }, 'unreachable'],
  ])('answered with %j is refused as %s, without its content', async (answer, code) => {
    const { endpoint } = await secretsManager(() => answer);
    const { ask } = await connect({ kind: 'mysql', secret: 'prod/shop', endpoint }, aws);
    const error = await ask('SELECT 1').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain('prod/shop');
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });
});

describe('TLS', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.9.8.7', true],
    ['::1', true],
    ['[::1]', true],
    ['LOCALHOST', true],
    ['/run/mysqld/mysqld.sock', true],
    ['10.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['127.0.0.1.example.com', false],
    ['localhost.example.com', false],
  ])('takes %s as this machine: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });

  it('is required off this machine, with the authorities of RDS and the public ones', () => {
    const options = tlsFor('shop.abc.eu-west-1.rds.amazonaws.com', undefined);
    expect(options).toMatchObject({ rejectUnauthorized: true, verifyIdentity: true });
    expect(options?.ca.length).toBeGreaterThan(150);
    expect(tlsFor('127.0.0.1', undefined)).toBeUndefined();
    expect(tlsFor('127.0.0.1', 'required')).toBeDefined();
  });

  it('is spoken with a server whose authority is declared, and refused where it is not', async ({ skip }) => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-tls-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const made = await certificate(folder);
    if (!made) skip('openssl is not on this machine');
    const server = await startMysql({
      extraArgs: [`--ssl-cert=${folder}/server.pem`, `--ssl-key=${folder}/server.key`],
    });
    closers.push(() => server.stop());
    const options = { kind: 'mysql', host: 'localhost', port: server.port, user: 'root' };
    const declared = await connect({ ...options, tls: { ca: join(folder, 'server.pem') } });
    const [[, cipher] = []] = await declared.ask("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    expect(cipher).not.toBe('');
    const unknown = await connect({ ...options, tls: 'required' });
    await expect(unknown.ask('SELECT 1')).rejects.toMatchObject({ code: 'tls_required', retry: 'never' });
  });
});

/** A certificate for localhost, signed by itself; false where there is no openssl. */
async function certificate(folder: string): Promise<boolean> {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const files = ['-keyout', `${folder}/server.key`, '-out', `${folder}/server.pem`];
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  try {
    await promisify(execFile)('openssl', ['req', '-x509', ...key, ...files, ...subject]);
    return true;
  } catch {
    return false;
  }
}
