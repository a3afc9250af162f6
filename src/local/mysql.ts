import { mkdir, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { SluiceError } from '../errors.js';
import { runProgram } from './command.js';
import { dockerAnswers, startContainer } from './docker.js';
import { findMysqlProgram, installMysqlProgram, type MysqlProgram } from './mysql-program.js';
import { privateFolder } from './private-folder.js';
import { onFreePort, startServer } from './process.js';

/** A MySQL-compatible server that may be filled with databases at will. */
export interface LocalMysql {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Somebody else's server, given by its URL: leave alone what is there, take away what you made. */
  readonly given: boolean;
  /** Stops a server that was started here; leaves one alone that was given by its URL. */
  stop(): Promise<void>;
}

export interface LocalMysqlOptions {
  /** Settings of the server beyond the usual ones: `--lower-case-table-names=1`. Always a private server then. */
  readonly extraArgs?: readonly string[];
  /** Told what takes long: an installation, a download. Default: standard error. */
  readonly say?: (line: string) => void;
}

const INITIALIZE_WITHIN_MS = 60_000;
const IMAGE = 'mariadb:10.11';

/** As fast as a server can be whose data nobody will miss. */
const settings = [
  '--local-infile=1',
  '--skip-name-resolve',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
  '--skip-log-bin',
  '--max-allowed-packet=64M',
];

/**
 * A server for the demo and the tests: the one that `SLUICE_MYSQL_URL` names; else a private one on 127.0.0.1 with an
 * empty root password and data that goes with it, from the programs on this machine, by Docker, or from Debian's
 * packages, which are then installed. Throws `server_missing` where none of these is possible.
 */
export async function startMysql(options: LocalMysqlOptions = {}): Promise<LocalMysql> {
  const { extraArgs = [], say = (line) => console.error(line) } = options;
  const url = process.env['SLUICE_MYSQL_URL'];
  if (url && extraArgs.length === 0) return given(url);
  const program = await findMysqlProgram();
  if (program) return await startProgram(program, extraArgs);
  if (await dockerAnswers()) return await startImage(extraArgs, say);
  const installed = await installMysqlProgram(say);
  if (installed) return await startProgram(installed, extraArgs);
  throw new SluiceError('server_missing', 'no MySQL or MariaDB server was found', {
    hint: 'install mariadb-server or mysql-server, start Docker, or set SLUICE_MYSQL_URL=mysql://user:password@host:3306',
  });
}

function given(text: string): LocalMysql {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'mysql:' || !url.hostname) {
    throw new SluiceError('usage', 'SLUICE_MYSQL_URL is not a URL like mysql://user:password@host:3306');
  }
  return {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username) || 'root',
    password: decodeURIComponent(url.password),
    given: true,
    stop: async () => undefined,
  };
}

async function startProgram(program: MysqlProgram, extraArgs: readonly string[]): Promise<LocalMysql> {
  const server = await onFreePort(async (port) => {
    const folder = await privateFolder();
    try {
      await initialize(program, folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return await startServer({
      folder,
      command: program.server,
      args: [
        '--no-defaults',
        `--user=${userInfo().username}`,
        `--datadir=${folder}/data`,
        `--tmpdir=${folder}/tmp`,
        `--socket=${folder}/s.sock`,
        `--pid-file=${folder}/pid`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        ...settings,
        ...program.args,
        ...extraArgs,
      ],
      ready: () => answers(port),
    });
  });
  return privateServer(server);
}

async function initialize(program: MysqlProgram, folder: string): Promise<void> {
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { mode: 0o700 });
  const [command = '', ...args] = program.initialize(join(folder, 'data'));
  // A server deletes leftovers in its folder for temporary files when it starts: each needs its own.
  const outcome = await runProgram(command, [...args, `--tmpdir=${temporary}`], {
    timeoutMs: INITIALIZE_WITHIN_MS,
  });
  if (!outcome.succeeded) throw new Error(`${command} failed: ${outcome.output.trim().slice(-2000)}`);
}

async function startImage(extraArgs: readonly string[], say: (line: string) => void): Promise<LocalMysql> {
  say(`starting ${IMAGE} with Docker …`);
  const server = await onFreePort((port) =>
    startContainer({
      image: IMAGE,
      port,
      innerPort: 3306,
      env: { MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: '1' },
      args: [...settings, ...extraArgs],
      ready: () => answers(port),
    }),
  );
  return privateServer(server);
}

function privateServer({ port, stop }: { port: number; stop(): Promise<void> }): LocalMysql {
  return { host: '127.0.0.1', port, user: 'root', password: '', given: false, stop };
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
