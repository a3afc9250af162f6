import type { Packet } from './mysql-packets.js';

/** What a packet of the server is within the answer to one command. */
export type Step = 'more' | 'row' | 'file' | 'end' | 'error';

const MORE_RESULTS = 0x0008;

/**
 * Follows the answer to one command packet by packet.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response.html
 */
export class Reply {
  #state: 'first' | 'columns' | 'rows' | 'prepared' = 'first';
  /** Definitions, or lists of them (prepare), that are still to come. */
  #left = 0;
  readonly #prepare: boolean;
  /** The number of the statement that was prepared, once the answer says it. */
  prepared: number | undefined;

  constructor(prepare: boolean) {
    this.#prepare = prepare;
  }

  next({ payload, continued }: Packet): Step {
    if (continued) return 'more';
    const first = payload[0] ?? 0;
    if (first === 0xff) return 'error';
    if (this.#state === 'rows') return isEof(payload) ? this.#ended(payload.readUInt16LE(3)) : 'row';
    if (this.#state === 'columns') return this.#column();
    if (this.#state === 'prepared') return isEof(payload) && --this.#left === 0 ? 'end' : 'more';
    return this.#first(first, payload);
  }

  #first(first: number, payload: Buffer): Step {
    if (this.#prepare) {
      this.#state = 'prepared';
      this.prepared = payload.readUInt32LE(1);
      this.#left = Number(payload.readUInt16LE(5) > 0) + Number(payload.readUInt16LE(7) > 0);
      return this.#left === 0 ? 'end' : 'more';
    }
    if (first === 0xfb) return 'file';
    if (first === 0x00) return this.#ended(okStatus(payload));
    if (isEof(payload)) return 'end';
    this.#state = 'columns';
    this.#left = lengthAt(payload, 0).value + 1;
    return 'more';
  }

  #column(): Step {
    this.#left -= 1;
    if (this.#left === 0) this.#state = 'rows';
    return 'more';
  }

  #ended(status: number): Step {
    this.#state = 'first';
    return (status & MORE_RESULTS) === 0 ? 'end' : 'more';
  }
}

function isEof(payload: Buffer): boolean {
  return payload[0] === 0xfe && payload.length < 9;
}

function okStatus(payload: Buffer): number {
  const affected = lengthAt(payload, 1);
  const insertId = lengthAt(payload, affected.next);
  return payload.readUInt16LE(insertId.next);
}

function lengthAt(payload: Buffer, at: number): { value: number; next: number } {
  const first = payload.readUInt8(at);
  if (first < 0xfb) return { value: first, next: at + 1 };
  const bytes = first === 0xfc ? 2 : first === 0xfd ? 3 : 8;
  const value = bytes === 8 ? Number(payload.readBigUInt64LE(at + 1)) : payload.readUIntLE(at + 1, bytes);
  return { value, next: at + 1 + bytes };
}
