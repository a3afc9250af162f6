import { Readable } from 'node:stream';
import { SluiceError } from '../../errors.js';
import { nativeFailure } from './failures.js';
import {
  insertSpelling,
  insertStatement,
  type Line,
  type LoadTarget,
  loadSpelling,
  loadStatement,
  type Spelling,
} from './load-dialect.js';
import { type EncodedLines, encodeLines } from './load-encoder.js';
import { isRefusal } from './load-refusals.js';
import type { Outcome, Session } from './session.js';

/** What came of a load. Anything but `complete` must be undone: rows may be in that were changed or left out. */
export type Loaded =
  | { readonly kind: 'complete' }
  /** The server skipped rows or warned. */
  | { readonly kind: 'flawed'; readonly skipped: number; readonly warnings: number }
  /** The statement failed because of a row. */
  | { readonly kind: 'failed'; readonly error: SluiceError };

/** One way to bring lines into a table, in the session's transaction. Errors that no row can cause are thrown. */
export interface Loader {
  readonly spelling: Spelling;
  /** What a session needs before its first load, where it needs something. */
  prepare?(session: Session): Promise<void>;
  load(
    session: Session,
    target: LoadTarget,
    lines: readonly Line[],
    expectedWarnings?: number,
  ): Promise<Loaded>;
  /** The same of lines that are bytes already. Absent where lines become the text of statements. */
  loadEncoded?(session: Session, target: LoadTarget, lines: EncodedLines): Promise<Loaded>;
  /** Loads lines whose keys are not there yet; the others are left out. Anything else that goes wrong is thrown. */
  loadNew(session: Session, target: LoadTarget, lines: readonly Line[]): Promise<void>;
  /** Until nothing is left of what was put elsewhere for the server to read. Absent where nothing is. */
  settled?(): Promise<void>;
}

/** Has the server read lines by a LOAD DATA that leaves out what it cannot store, and says how many. */
type LinesReader = (session: Session, target: LoadTarget, lines: EncodedLines) => Promise<Outcome>;

const complete: Loaded = { kind: 'complete' };

/** LOAD DATA, however the server comes by the lines. */
export function linesLoader(read: LinesReader): Loader {
  /** Complete only if the server took every line and had nothing to say (invariants 3 and 4). */
  const loadEncoded = async (
    session: Session,
    target: LoadTarget,
    lines: EncodedLines,
    expectedWarnings = 0,
  ): Promise<Loaded> => {
    try {
      const outcome = await read(session, target, lines);
      const [records = -1, , skipped = -1, warnings = -1] = numbersIn(outcome.info);
      const isComplete =
        records === lines.count &&
        outcome.affected === lines.count &&
        skipped === 0 &&
        warnings === expectedWarnings;
      return isComplete ? complete : { kind: 'flawed', skipped, warnings };
    } catch (error) {
      return failedBecauseOfRow(error);
    }
  };
  return {
    spelling: loadSpelling,
    load: (session, target, lines, expectedWarnings) =>
      loadEncoded(session, target, encodeLines(lines), expectedWarnings),
    loadEncoded,
    loadNew: async (session, target, lines) => {
      if (lines.length === 0) return;
      const outcome = await read(session, target, encodeLines(lines));
      const [records, , skipped, warnings] = numbersIn(outcome.info);
      if (records !== lines.length || skipped !== warnings) throw changed(target);
    },
  };
}

/** LOAD DATA LOCAL INFILE from a stream. */
export const localLoader: Loader = linesLoader(async (session, target, { buffers }) => {
  let stream: Readable | undefined;
  try {
    return await session.run(loadStatement(target, "LOCAL INFILE 'rows'"), [], () => {
      stream = Readable.from(packetsOf(buffers));
      return stream;
    });
  } finally {
    // What the server did not ask for is not written behind its back: the room may serve for other lines.
    stream?.destroy();
  }
});

/** No packet may be larger than the server's max_allowed_packet, however long a line is. */
const PACKET_BYTES = 1024 * 1024;

function* packetsOf(buffers: Iterable<Buffer>): Generator<Buffer> {
  for (const buffer of buffers) {
    for (let start = 0; start < buffer.length; start += PACKET_BYTES) {
      yield buffer.subarray(start, start + PACKET_BYTES);
    }
  }
}

/** Rows of one INSERT take about so many characters; far below any max_allowed_packet in use. */
const INSERT_CHARS = 512 * 1024;

/** What a statement needs besides its rows, at most. */
const STATEMENT_CHARS = 64 * 1024;

/**
 * Multi-row INSERT, for servers that forbid LOCAL. In strict mode it fails where LOAD DATA warns. A row that no
 * packet can hold fails before it is sent: the server would break the connection.
 */
export function insertLoader(maxAllowedPacket: number): Loader {
  return {
    spelling: insertSpelling,
    load: async (session, target, lines, expectedWarnings = 0) => {
      const head = insertStatement(target, expectedWarnings > 0);
      let warnings = 0;
      try {
        for (const rows of packets(lines)) {
          const statement = `${head}(${rows.join('),(')})`;
          if (isTooLong(statement, maxAllowedPacket)) return { kind: 'failed', error: tooLong(target) };
          const outcome = await session.run(statement);
          warnings += outcome.warnings;
          if (outcome.affected !== rows.length) {
            return { kind: 'flawed', skipped: rows.length - outcome.affected, warnings };
          }
        }
      } catch (error) {
        return failedBecauseOfRow(error);
      }
      return warnings === expectedWarnings ? complete : { kind: 'flawed', skipped: 0, warnings };
    },
    loadNew: async (session, target, lines) => {
      const head = insertStatement(target, true);
      for (const rows of packets(lines)) {
        const outcome = await session.run(`${head}(${rows.join('),(')})`);
        if (outcome.warnings !== rows.length - outcome.affected) throw changed(target);
      }
    },
  };
}

function isTooLong(statement: string, maxAllowedPacket: number): boolean {
  const room = maxAllowedPacket - STATEMENT_CHARS;
  return statement.length * 3 > room && Buffer.byteLength(statement) > room;
}

function tooLong({ table }: LoadTarget): SluiceError {
  return new SluiceError('item_too_large', `${table.table}: a row is larger than max_allowed_packet`);
}

function changed({ table }: LoadTarget): SluiceError {
  return new SluiceError('server_error', `${table.table}: the server would have changed what was loaded`);
}

function failedBecauseOfRow(error: unknown): Loaded {
  if (isRefusal(error)) return { kind: 'failed', error };
  throw error;
}

const forbidden: ReadonlySet<number> = new Set([1148, 2068, 3948, 4166]);

/** Whether the server or the driver forbids LOCAL. */
export function forbidsLocal(error: unknown): boolean {
  return forbidden.has(nativeFailure(error)?.errno ?? 0);
}

/** `Records: 3  Deleted: 0  Skipped: 0  Warnings: 0`, in whatever language the server speaks. */
function numbersIn(info: string): readonly number[] {
  return (info.match(/\d+/g) ?? []).map(Number);
}

function* packets(lines: readonly Line[], maxChars = INSERT_CHARS): Generator<readonly Line[]> {
  let packet: Line[] = [];
  let chars = 0;
  for (const line of lines) {
    if (packet.length > 0 && chars + line.length > maxChars) {
      yield packet;
      packet = [];
      chars = 0;
    }
    packet.push(line);
    chars += line.length;
  }
  if (packet.length > 0) yield packet;
}
