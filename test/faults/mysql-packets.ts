/**
 * Packets of the MySQL protocol: three bytes of length, one of sequence, the payload.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
export interface Packet {
  /** The packet as it travels, header included. */
  readonly raw: Buffer;
  readonly sequence: number;
  readonly payload: Buffer;
  /** The payload goes on that of the packet before, which was full. */
  readonly continued: boolean;
}

const HEADER_BYTES = 4;
const FULL_PAYLOAD_BYTES = 0xffffff;

/** Cuts one direction of a connection into packets. */
export class PacketReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #needed = HEADER_BYTES;
  #full = false;

  push(chunk: Buffer): Packet[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) return [];
    let rest = Buffer.concat(this.#chunks);
    const packets: Packet[] = [];
    for (;;) {
      this.#needed = HEADER_BYTES + (rest.length < HEADER_BYTES ? 0 : rest.readUIntLE(0, 3));
      if (rest.length < this.#needed) break;
      packets.push(this.#cut(rest.subarray(0, this.#needed)));
      rest = rest.subarray(this.#needed);
    }
    this.#chunks = [rest];
    this.#bytes = rest.length;
    return packets;
  }

  #cut(raw: Buffer): Packet {
    const payload = raw.subarray(HEADER_BYTES);
    const continued = this.#full;
    this.#full = payload.length === FULL_PAYLOAD_BYTES;
    return { raw, sequence: raw.readUInt8(3), payload, continued };
  }
}

function packet(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntLE(payload.length, 0, 3);
  header.writeUInt8(sequence, 3);
  return Buffer.concat([header, payload]);
}

export function errorPacket(sequence: number, code: number, state: string, message: string): Buffer {
  const number = Buffer.alloc(3);
  number.writeUInt8(0xff, 0);
  number.writeUInt16LE(code, 1);
  return packet(sequence, Buffer.concat([number, Buffer.from(`#${state}${message}`)]));
}

/** COM_QUERY with a text of the proxy's own. */
export function queryPacket(sql: string): Buffer {
  return packet(0, Buffer.from(`\u0003${sql}`));
}

// Compression and TLS would hide the packets; the others change how an answer ends or what a query holds.
const HIDDEN_CAPABILITIES = 0x20 | 0x800 | 0x1000000 | 0x2000000 | 0x4000000 | 0x8000000;

/** The server's greeting without the capabilities that this proxy does not speak; changed in place. */
export function hideCapabilities(greeting: Packet): void {
  const { payload } = greeting;
  if (payload[0] !== 10) return;
  const low = payload.indexOf(0, 1) + 1 + 4 + 8 + 1;
  const high = low + 5;
  payload.writeUInt16LE(payload.readUInt16LE(low) & ~HIDDEN_CAPABILITIES & 0xffff, low);
  payload.writeUInt16LE(payload.readUInt16LE(high) & ~(HIDDEN_CAPABILITIES >>> 16) & 0xffff, high);
}

/** The connection's number in the server's greeting. */
export function threadIdOf({ payload }: Packet): number {
  return payload[0] === 10 ? payload.readUInt32LE(payload.indexOf(0, 1) + 1) : 0;
}
