/**
 * Stands between the product and a real MySQL server, reads the packets of both directions, and does to single
 * statements what servers and networks do to them. The server sees only what a fault lets through.
 */
import { createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultPlan, type Rule } from './fault-plan.js';
import type { Moment } from './http-proxy.js';
import { Session } from './mysql-session.js';

export type MysqlFault =
  /**
   * An ERR packet. `before`: the statement is not forwarded. `after`: it is, and its answer is replaced. As the
   * server does, 1213 (deadlock) undoes the transaction first; 1205 (lock wait) undoes nothing.
   */
  | { kind: 'error'; code: number; state?: string; at?: 'before' | 'after' }
  /** The link breaks before the server has seen the statement, or after it has done it: the answer is lost. */
  | { kind: 'drop'; at: 'before' | 'after' }
  /** The link breaks after so many rows of the result set. */
  | { kind: 'drop in result'; rows: number }
  /** The link breaks when so many bytes of LOAD DATA LOCAL's stream have passed. */
  | { kind: 'drop in load'; bytes: number }
  /** The server has become a replica: on this connection nothing is written any more (1290), now and later. */
  | { kind: 'read only' }
  /** All connections break, and for so long nobody listens. */
  | { kind: 'refuse'; ms: number }
  | { kind: 'slow'; ms: number };

/** One statement (or `connect`), as the proxy saw it. */
export interface MysqlEvent {
  /** Counted from 1 in the order of arrival. */
  readonly n: number;
  /** Which connection, counted from 1. */
  readonly connection: number;
  /** The server's own number for the connection, as KILL wants it; 0 before its greeting. */
  readonly threadId: number;
  /** The SQL text; `connect`, `ping`, `quit`, `prepare …`, `execute …` for the other commands. */
  readonly statement: string;
  readonly fault: MysqlFault['kind'] | undefined;
  rows: number;
  loadedBytes: number;
  readonly arrivedMs: number;
  answeredMs: number;
}

export type MysqlWatcher = (moment: Moment, event: MysqlEvent) => void | Promise<void>;

/** What the server is asked in a statement's place. Throws a `RefusedStatement` where it is not to be asked. */
export type MysqlTranslator = (statement: string) => Promise<string>;

/** A statement's answer that the proxy gives by itself. */
export class RefusedStatement extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface MysqlProxy {
  readonly host: string;
  readonly port: number;
  /** Rules match the statement's text, or `connect`. */
  readonly plan: FaultPlan<MysqlFault>;
  readonly events: readonly MysqlEvent[];
  count(statement: RegExp): number;
  /** Runs at each moment of each statement, for sweeps that stop the product at the k-th. */
  watch(watcher: MysqlWatcher | undefined): void;
  /** The server is another one than it is, to whom statements have to be translated. */
  translate(translator: MysqlTranslator): void;
  stop(): Promise<void>;
}

/** What the sessions of one proxy share. */
export interface Shared {
  readonly plan: FaultPlan<MysqlFault>;
  /** Logs a statement. */
  begin(event: Pick<MysqlEvent, 'connection' | 'threadId' | 'statement' | 'fault'>): MysqlEvent;
  tell: MysqlWatcher;
  translate: MysqlTranslator;
  refuse(ms: number): void;
}

export async function startMysqlProxy(
  target: { host: string; port: number },
  rules: readonly Rule<MysqlFault>[] = [],
  seed = 1,
): Promise<MysqlProxy> {
  const plan = new FaultPlan<MysqlFault>(rules, seed);
  const events: MysqlEvent[] = [];
  const sockets = new Set<Socket>();
  let watcher: MysqlWatcher | undefined;
  let translator: MysqlTranslator = async (statement) => statement;
  let connections = 0;
  const shared: Shared = {
    plan,
    begin: (seen) => {
      const event = newEvent(events.length + 1, seen);
      events.push(event);
      return event;
    },
    tell: (moment, event) => watcher?.(moment, event),
    translate: (statement) => translator(statement),
    refuse: (ms) => {
      refusing = setTimeout(() => server.listen(port, '127.0.0.1'), ms);
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  let refusing: NodeJS.Timeout | undefined;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer(async (client) => {
    keep(client);
    connections += 1;
    const session = new Session(shared, connections, client, () => keep(createConnection(target)));
    await session.run();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const { port } = address;
  return {
    host: '127.0.0.1',
    port,
    plan,
    events,
    count: (statement) => events.filter((event) => statement.test(event.statement)).length,
    watch: (next) => {
      watcher = next;
    },
    translate: (next) => {
      translator = next;
    },
    stop: async () => {
      clearTimeout(refusing);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      await sleep(0);
    },
  };
}

function newEvent(
  n: number,
  seen: Pick<MysqlEvent, 'connection' | 'threadId' | 'statement' | 'fault'>,
): MysqlEvent {
  return { n, ...seen, rows: 0, loadedBytes: 0, arrivedMs: performance.now(), answeredMs: Number.NaN };
}
