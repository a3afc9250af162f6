import { userInfo } from 'node:os';
import { SluiceError } from '../errors.js';
import { findProgram, runProgram } from './command.js';
import { canInstallPackages, installPackages } from './debian.js';

/** A MySQL or MariaDB server that is installed on this machine. */
export interface MysqlProgram {
  /** Path of mariadbd or mysqld. */
  readonly server: string;
  /** Command that makes an empty data directory. */
  readonly initialize: (dataFolder: string) => readonly string[];
  /** Arguments that only this kind of server has. */
  readonly args: readonly string[];
}

const packages = ['mariadb-server-core', 'mariadb-client-core'];

export async function findMysqlProgram(): Promise<MysqlProgram | undefined> {
  const server = findProgram('mariadbd', 'mysqld');
  if (!server) return undefined;
  const version = await runProgram(server, ['--no-defaults', '--version'], { timeoutMs: 10_000 });
  return /mariadb/i.test(version.output) ? mariadb(server) : mysql(server);
}

/** Installs MariaDB from Debian's packages, as root; undefined where that cannot be done here. */
export async function installMysqlProgram(say: (line: string) => void): Promise<MysqlProgram | undefined> {
  if (!canInstallPackages()) return undefined;
  say(`installing ${packages.join(' and ')} from Debian's packages …`);
  const outcome = await installPackages(packages);
  if (!outcome.succeeded) {
    const end = outcome.output.trim().split('\n').slice(-3).join(' ');
    throw new SluiceError('server_missing', `MariaDB could not be installed: ${end}`);
  }
  return await findMysqlProgram();
}

/** https://mariadb.com/kb/en/mariadb-install-db/ */
function mariadb(server: string): MysqlProgram | undefined {
  const installer = findProgram('mariadb-install-db', 'mysql_install_db');
  if (!installer) return undefined;
  return {
    server,
    initialize: (dataFolder) => [
      installer,
      '--no-defaults',
      `--user=${userInfo().username}`,
      `--datadir=${dataFolder}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    args: [],
  };
}

/** https://dev.mysql.com/doc/refman/8.4/en/data-directory-initialization.html */
function mysql(server: string): MysqlProgram {
  return {
    server,
    initialize: (dataFolder) => [
      server,
      '--no-defaults',
      '--initialize-insecure',
      `--user=${userInfo().username}`,
      `--datadir=${dataFolder}`,
    ],
    args: ['--mysqlx=OFF'],
  };
}
