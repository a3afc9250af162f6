import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { freePort, startServer } from './process.js';

/** A private MySQL-compatible server on 127.0.0.1 with an empty root password. */
export interface LocalMysql {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
}

/** Starts MariaDB in a private data directory that goes with it. */
export async function startMysql(): Promise<LocalMysql> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-db-'));
  const port = await freePort();
  await mkdir(join(home, 'tmp'));
  await promisify(execFile)('mariadb-install-db', [
    '--no-defaults',
    '--user=root',
    `--datadir=${home}/data`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const server = await startServer(
    'mariadbd',
    [
      '--no-defaults',
      '--user=root',
      `--datadir=${home}/data`,
      `--tmpdir=${home}/tmp`,
      `--socket=${home}/s.sock`,
      `--pid-file=${home}/pid`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      '--local-infile=1',
      '--skip-name-resolve',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-doublewrite=0',
      '--skip-log-bin',
      '--max-allowed-packet=64M',
    ],
    () => answers(port),
  );
  return {
    host: '127.0.0.1',
    port,
    user: 'root',
    password: '',
    stop: async () => {
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' });
    await connection.end();
    return true;
  } catch {
    return false;
  }
}
