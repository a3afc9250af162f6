import type { FieldPacket } from 'mysql2';
import { mysqlFailure } from './failures.js';
import { type CollectedRows, RowCollector, type TakenRows } from './row-collector.js';
import type { Session } from './session.js';

export interface RowChunk extends TakenRows {
  /** As the server sent them. */
  readonly bytes: number;
}

export interface RowStreamOptions {
  readonly sql: string;
  readonly of: CollectedRows;
  /** Throws when the result's columns are not those that `of` was made for. */
  readonly verify: (fields: readonly FieldPacket[]) => void;
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** Chunks that are read ahead of the consumer; then the socket is paused (invariant 7). */
const MAX_CHUNKS_AHEAD = 2;
const EOF_MARKER = 0xfe;
/** An EOF packet with its header is shorter than any row that begins with the marker. */
const MAX_EOF_BYTES = 13;

/** What the driver hands to a running query for each packet of a result. */
interface Packet {
  readonly buffer: Buffer;
  readonly start: number;
  readonly offset: number;
  readonly end: number;
}

type PacketHandler = (packet: Packet, connection: unknown) => unknown;

/** The driver's running query. Rows come to its `row`, which we replace by our own: it keeps the bytes. */
interface RunningQuery {
  row?: PacketHandler;
}

/**
 * The rows of one running SELECT, in chunks of at most maxRows and about maxBytes. Chunks that are complete
 * are given before a failure is thrown, so what was read before a connection broke is not lost.
 */
export class RowStream {
  readonly #session: Session;
  readonly #options: RowStreamOptions;
  readonly #chunks: RowChunk[] = [];
  readonly #unwatch: () => void;
  readonly #rows: RowCollector;
  #bytes = 0;
  #paused = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(session: Session, options: RowStreamOptions) {
    this.#session = session;
    this.#options = options;
    this.#rows = new RowCollector(options.of);
    this.#unwatch = session.watch((error) => this.#fail(error));
    if (!this.#ended) this.#start();
  }

  /** The next chunk; undefined after the last. Throws what ended the query early. */
  async next(): Promise<RowChunk | undefined> {
    while (this.#chunks.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#chunks.shift();
    if (this.#paused && this.#chunks.length < MAX_CHUNKS_AHEAD && !this.#ended) this.#resume();
    if (chunk === undefined && this.#failure) throw this.#failure.error;
    return chunk;
  }

  /** Whether the server has sent everything, so that the session is free for the next statement. */
  get complete(): boolean {
    return this.#ended && this.#failure === undefined;
  }

  #start(): void {
    const running = this.#session.driver.query({ sql: this.#options.sql }, (error) => {
      if (error) this.#fail(mysqlFailure(error, this.#session.place));
      else this.#close();
    });
    running.on('fields', (fields: FieldPacket[]) => this.#verify(fields));
    const query = running as unknown as RunningQuery;
    const native = query.row;
    if (native === undefined) throw new Error('this version of the driver hands rows over in another way');
    const handler: PacketHandler = (packet, connection) => {
      if (packet.buffer[packet.offset] === EOF_MARKER && packet.end - packet.start < MAX_EOF_BYTES) {
        return native.call(query, packet, connection);
      }
      this.#row(packet);
      return handler;
    };
    query.row = handler;
  }

  #row(packet: Packet): void {
    const { maxRows, maxBytes } = this.#options;
    if (this.#ended) return;
    const size = packet.end - packet.offset;
    if (this.#rows.length > 0 && this.#bytes + size > maxBytes) this.#flush();
    this.#rows.add(packet.buffer, packet.offset, packet.end);
    this.#bytes += size;
    if (this.#rows.length >= maxRows || this.#bytes >= maxBytes) this.#flush();
  }

  #flush(): void {
    this.#chunks.push({ ...this.#rows.take(), bytes: this.#bytes });
    this.#bytes = 0;
    if (this.#chunks.length >= MAX_CHUNKS_AHEAD && !this.#paused && !this.#ended) {
      this.#paused = true;
      this.#session.driver.pause();
    }
    this.#wake();
  }

  #resume(): void {
    this.#paused = false;
    this.#session.driver.resume();
  }

  #verify(fields: readonly FieldPacket[]): void {
    try {
      this.#options.verify(fields);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#close();
  }

  #close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unwatch?.();
    if (this.#rows.length > 0) this.#flush();
    this.#wake();
  }
}
