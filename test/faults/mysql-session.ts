import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  errorPacket,
  hideCapabilities,
  type Packet,
  PacketReader,
  queryPacket,
  threadIdOf,
} from './mysql-packets.js';
import { type MysqlEvent, type MysqlFault, RefusedStatement, type Shared } from './mysql-proxy.js';
import { Reply } from './mysql-replies.js';

const commandNames: Record<number, string> = {
  1: 'quit',
  2: 'init db',
  3: 'query',
  14: 'ping',
  17: 'change user',
  22: 'prepare',
  23: 'execute',
  24: 'send long data',
  25: 'close statement',
  31: 'reset connection',
};
const silent = new Set(['quit', 'send long data', 'close statement']);
/** Temporary tables may be written on a replica too. */
const isWrite = /^\s*(LOAD|INSERT INTO|UPDATE|DELETE)(?![\s\S]*sluice_stage)/i;
const states: Record<number, string> = { 1040: '08004', 1213: '40001', 1205: 'HY000' };

/** One command on its way, until its answer has ended. */
interface Command {
  readonly event: MysqlEvent;
  readonly fault: MysqlFault | undefined;
  readonly reply: Reply;
}

/**
 * One connection. It is in one of four phases: `login` (until the server's OK), `idle`, `reply` (the server
 * answers), `load` (the client sends a file). While the proxy talks to the server itself, `own` takes the answer.
 */
export class Session {
  readonly #shared: Shared;
  readonly #number: number;
  readonly #client: Socket;
  readonly #connect: () => Socket;
  #server: Socket | undefined;
  #phase: 'login' | 'idle' | 'reply' | 'load' = 'login';
  #greeted = false;
  #command: Command | undefined;
  #own: (() => void) | undefined;
  /** Prepared statements by the number that the server gave them. A new connection's need not begin at 1. */
  readonly #prepared = new Map<number, string>();
  #dropped = false;
  #readOnly = false;
  #threadId = 0;

  constructor(shared: Shared, number: number, client: Socket, connect: () => Socket) {
    this.#shared = shared;
    this.#number = number;
    this.#client = client;
    this.#connect = connect;
  }

  async run(): Promise<void> {
    this.#client.on('error', () => this.#drop());
    const fault = this.#shared.plan.next('connect');
    const event = this.#log('connect', fault);
    await this.#shared.tell('before', event);
    if (fault?.kind === 'slow') await sleep(fault.ms);
    if (fault?.kind === 'refuse') return this.#shared.refuse(fault.ms);
    if (fault?.kind === 'drop') return this.#drop();
    if (fault?.kind === 'error') {
      this.#client.end(errorPacket(0, fault.code, states[fault.code] ?? 'HY000', 'by the fault proxy'));
      return;
    }
    const server = this.#connect();
    this.#server = server;
    server.on('error', () => this.#drop());
    await Promise.all([
      this.#follow(this.#client, (packet) => this.#fromClient(packet, server)),
      this.#follow(server, (packet) => this.#fromServer(packet, server)),
    ]);
  }

  async #follow(socket: Socket, take: (packet: Packet) => Promise<void>): Promise<void> {
    const reader = new PacketReader();
    try {
      for await (const chunk of socket) {
        for (const packet of reader.push(chunk as Buffer)) {
          if (!this.#dropped) await take(packet);
        }
      }
    } catch {
      // A broken link ends the session like a closed one.
    }
    this.#drop();
  }

  /** What has been sent to the client still reaches it; the server sees a broken link. */
  #drop(): void {
    this.#dropped = true;
    this.#client.destroySoon();
    this.#server?.destroy();
  }

  async #fromClient(packet: Packet, server: Socket): Promise<void> {
    if (this.#phase === 'load' && this.#command) {
      const { event, fault } = this.#command;
      event.loadedBytes += packet.payload.length;
      if (fault?.kind === 'drop in load' && event.loadedBytes >= fault.bytes) return this.#drop();
      if (packet.payload.length === 0 && !packet.continued) this.#phase = 'reply';
    } else if (this.#phase === 'idle' && !packet.continued) {
      const go = await this.#begin(packet, server);
      if (go) await this.#forward(packet, server);
      return;
    }
    await send(server, packet.raw);
  }

  /** As the server understands it. */
  async #forward(packet: Packet, server: Socket): Promise<void> {
    const { payload, raw } = packet;
    if (commandNames[payload[0] ?? 0] !== 'query') return send(server, raw);
    const statement = payload.toString('utf8', 1);
    try {
      const translated = await this.#shared.translate(statement);
      await send(server, translated === statement ? raw : queryPacket(translated));
    } catch (error) {
      if (!(error instanceof RefusedStatement)) throw error;
      this.#phase = 'idle';
      await send(this.#client, errorPacket(1, error.code, 'HY000', error.message));
    }
  }

  /** Whether the command is to be forwarded. */
  async #begin(packet: Packet, server: Socket): Promise<boolean> {
    const name = commandNames[packet.payload[0] ?? 0] ?? 'other';
    const statement = this.#statement(name, packet.payload);
    const fault = this.#faultFor(statement);
    const event = this.#log(statement, fault);
    this.#command = { event, fault, reply: new Reply(name === 'prepare') };
    await this.#shared.tell('before', event);
    if (fault?.kind === 'slow') await sleep(fault.ms);
    if (fault?.kind === 'drop' && fault.at === 'before') {
      this.#drop();
      return false;
    }
    if (fault?.kind === 'refuse') {
      this.#shared.refuse(fault.ms);
      return false;
    }
    if (fault?.kind === 'error' && fault.at !== 'after') {
      await this.#fail(fault, 1, server);
      return false;
    }
    if (name === 'change user') this.#phase = 'login';
    else if (!silent.has(name)) this.#phase = 'reply';
    return true;
  }

  #log(statement: string, fault: MysqlFault | undefined): MysqlEvent {
    const [connection, threadId] = [this.#number, this.#threadId];
    return this.#shared.begin({ connection, threadId, statement, fault: fault?.kind });
  }

  /** On a replica each statement that writes fails, whatever the plan says. */
  #faultFor(statement: string): MysqlFault | undefined {
    const planned = this.#readOnly ? undefined : this.#shared.plan.next(statement);
    this.#readOnly ||= planned?.kind === 'read only';
    return this.#readOnly && isWrite.test(statement) ? { kind: 'error', code: 1290 } : planned;
  }

  #statement(name: string, payload: Buffer): string {
    if (name === 'query') return payload.toString('utf8', 1);
    if (name === 'prepare') return `prepare ${payload.toString('utf8', 1)}`;
    if (name === 'execute') return `execute ${this.#prepared.get(payload.readUInt32LE(1)) ?? ''}`;
    return name;
  }

  async #fromServer(packet: Packet, server: Socket): Promise<void> {
    if (this.#own) {
      const done = this.#own;
      this.#own = undefined;
      done();
      return;
    }
    if (!this.#greeted) {
      this.#greeted = true;
      this.#threadId = threadIdOf(packet);
      hideCapabilities(packet);
    } else if (this.#phase === 'login' && packet.payload[0] === 0x00) {
      this.#phase = 'idle';
    } else if (this.#phase === 'reply' && this.#command) {
      await this.#answer(packet, this.#command, server);
      return;
    }
    await send(this.#client, packet.raw);
  }

  async #answer(packet: Packet, command: Command, server: Socket): Promise<void> {
    const { event, fault, reply } = command;
    const step = reply.next(packet);
    const { prepared } = reply;
    if (prepared !== undefined) this.#prepared.set(prepared, event.statement.slice('prepare '.length));
    if (step === 'row') event.rows += 1;
    if (fault?.kind === 'drop in result' && event.rows >= fault.rows && step === 'row') return this.#drop();
    if (step === 'file') this.#phase = 'load';
    const ended = step === 'end' || step === 'error';
    const replaced = (fault?.kind === 'drop' || fault?.kind === 'error') && step !== 'file';
    if (!ended) {
      if (!replaced) await send(this.#client, packet.raw);
      return;
    }
    await this.#shared.tell('after', event);
    event.answeredMs = performance.now();
    if (fault?.kind === 'drop') return this.#drop();
    // Idle first: the client may send its next command before this turn ends.
    this.#phase = 'idle';
    if (fault?.kind === 'error') void this.#fail(fault, packet.sequence, server);
    else await send(this.#client, packet.raw);
    await this.#shared.tell('after reply', event);
  }

  /** Answers with the fault's error, as the server does: a deadlock has undone the transaction. */
  async #fail(fault: MysqlFault & { kind: 'error' }, sequence: number, server: Socket): Promise<void> {
    if (fault.code === 1213) {
      const undone = new Promise<void>((resolve) => {
        this.#own = resolve;
      });
      await send(server, queryPacket('ROLLBACK'));
      await undone;
    }
    const state = fault.state ?? states[fault.code] ?? 'HY000';
    await send(this.#client, errorPacket(sequence, fault.code, state, 'by the fault proxy'));
  }
}

async function send(socket: Socket, data: Buffer): Promise<void> {
  if (socket.destroyed || socket.write(data)) return;
  await new Promise<void>((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', resolve);
  });
}
