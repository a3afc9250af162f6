import { SluiceError } from '../../errors.js';
import type { Context } from '../connector.js';
import { portFrom, textFrom } from '../environment-value.js';
import { nativeFailure } from './failures.js';
import type { MysqlConnectionOptions } from './options.js';
import { type DatabaseSecret, readSecret } from './secret.js';
import { readServer, type Server } from './server.js';
import { type Login, Session } from './session.js';
import { tlsFor } from './tls.js';

const DEFAULT_PORT = 3306;
/** More sessions than this at once are a mistake of ours. */
const MAX_SESSIONS = 100;
const KILL_TIMEOUT_MS = 5_000;
/** Access denied for user; the password of a rotated secret is another. */
const DENIED: ReadonlySet<number> = new Set([1045, 1698]);

/** The sessions of one declared connection: opened when needed, lent, and lent again. */
export class Connections {
  readonly options: MysqlConnectionOptions;
  readonly #context: Context;
  readonly #idle: Session[] = [];
  readonly #lent = new Set<Session>();
  readonly #kills = new Set<Promise<boolean>>();
  #login: Promise<Login> | undefined;
  #server: Server | undefined;

  constructor(options: MysqlConnectionOptions, context: Context) {
    this.options = options;
    this.#context = context;
  }

  /**
   * Lends a session to `use`. Afterwards it is kept for the next; when `use` throws it is thrown away,
   * transaction and all.
   */
  async withConnection<T>(context: Context, use: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.lease(context);
    try {
      const result = await use(session);
      this.release(session);
      return result;
    } catch (error) {
      this.discard(session);
      throw error;
    }
  }

  /** A session that the caller gives back by `release` or `discard`. Retried while the server is unreachable. */
  async lease(context: Context): Promise<Session> {
    for (let session = this.#idle.pop(); session; session = this.#idle.pop()) {
      if (session.lost) continue;
      this.#lent.add(session);
      session.lend(context.signal);
      return session;
    }
    if (this.#lent.size >= MAX_SESSIONS) throw new Error(`more than ${MAX_SESSIONS} sessions`);
    const session = await context.retry(() => this.#open(context.signal));
    this.#lent.add(session);
    return session;
  }

  /** Takes a session back that is in no transaction. */
  release(session: Session): void {
    this.#lent.delete(session);
    if (session.lost) return;
    if (session.busy) {
      this.discard(session);
      return;
    }
    session.lend(undefined);
    this.#idle.push(session);
  }

  /** Throws a session away; a statement that runs is killed, so that the server does not go on with it. */
  discard(session: Session): void {
    this.#lent.delete(session);
    const running = session.busy;
    session.destroy();
    if (!running) return;
    const kill = this.#kill(session.threadId).finally(() => this.#kills.delete(kill));
    this.#kills.add(kill);
  }

  /** What the server is; asked once. */
  async server(context: Context): Promise<Server> {
    this.#server ??= await context.retry(() =>
      this.withConnection(context, async (session) => readServer(session, isProxy(await this.host()))),
    );
    return this.#server;
  }

  /** The database of the declaration, or else of the secret. */
  async database(): Promise<string | undefined> {
    return (await this.#loginOnce()).database;
  }

  /** The host of the declaration, or else of the secret. */
  async host(): Promise<string> {
    return (await this.#loginOnce()).host;
  }

  async close(): Promise<void> {
    for (const session of this.#lent) this.discard(session);
    for (const session of this.#idle.splice(0)) session.end();
    await Promise.all(this.#kills);
  }

  async #open(signal: AbortSignal): Promise<Session> {
    const login = await this.#loginOnce();
    try {
      return await Session.open(login, signal);
    } catch (error) {
      if (this.options.secret === undefined || !DENIED.has(nativeFailure(error)?.errno ?? 0)) throw error;
      const rotated = await this.#loginAfter(login);
      if (rotated.password === login.password && rotated.user === login.user) throw error;
      return await Session.open(rotated, signal);
    }
  }

  /** Best effort: where it fails, the statement ends when the server next writes to the closed socket. */
  async #kill(threadId: number): Promise<boolean> {
    try {
      const login = await this.#loginOnce();
      if (isProxy(login.host)) return false;
      const session = await Session.open(login, AbortSignal.timeout(KILL_TIMEOUT_MS));
      await session.run(`KILL CONNECTION ${threadId}`).finally(() => session.destroy());
      return true;
    } catch {
      return false;
    }
  }

  #loginOnce(): Promise<Login> {
    this.#login ??= this.#resolveLogin().catch((error: unknown) => {
      this.#login = undefined;
      throw error;
    });
    return this.#login;
  }

  /** The login after `denied` was refused: the secret is read again, by the first who asks. */
  async #loginAfter(denied: Login): Promise<Login> {
    if ((await this.#loginOnce()) === denied) this.#login = undefined;
    return await this.#loginOnce();
  }

  async #resolveLogin(): Promise<Login> {
    const { secret } = this.options;
    const found = secret === undefined ? {} : await readSecret(secret, this.options, this.#context);
    return loginFrom(this.options, found, this.#context.env);
  }
}

/**
 * Whether the host is an RDS Proxy. What it calls a connection's number is its own: in the server another may have it.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-endpoints.html
 */
function isProxy(host: string): boolean {
  return /\.proxy-[a-z0-9]+\.[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/i.test(host);
}

/** What is declared overrides what the secret holds. */
function loginFrom(options: MysqlConnectionOptions, secret: DatabaseSecret, env: Context['env']): Login {
  const host = textFrom(options.host, env) ?? secret.host;
  const user = textFrom(options.user, env) ?? secret.username;
  if (host === undefined) throw lacking(options, 'host');
  if (user === undefined) throw lacking(options, 'user');
  return {
    host,
    user,
    port: portFrom(options.port, env) ?? secret.port ?? DEFAULT_PORT,
    password: passwordFrom(options.password, env) ?? secret.password ?? '',
    database: textFrom(options.database, env) ?? secret.dbname,
    tls: tlsFor(host, options.tls),
  };
}

/** A password may be empty, so a variable that is set and empty is one. */
function passwordFrom(declared: MysqlConnectionOptions['password'], env: Context['env']): string | undefined {
  return declared !== undefined && env[declared.env] === '' ? '' : textFrom(declared, env);
}

function lacking(options: MysqlConnectionOptions, field: 'host' | 'user'): SluiceError {
  if (options.secret === undefined) {
    return new SluiceError('declaration_invalid', `the connection has no ${field}`, {
      hint: `write ${field}: …, or secret: NAME`,
    });
  }
  const name = field === 'user' ? 'username' : field;
  return new SluiceError('secret_invalid', `the secret ${options.secret} has no ${name}`, {
    hint: `put ${name} into the secret, or write ${field}: … into the connection`,
  });
}
