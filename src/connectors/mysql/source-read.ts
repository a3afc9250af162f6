import type { FieldPacket } from 'mysql2';
import { SluiceError } from '../../errors.js';
import type { Batch, Position } from '../../values/batch.js';
import type { Column } from '../../values/column.js';
import type { TextRows } from '../../values/text-rows.js';
import type { Context, ReadRequest } from '../connector.js';
import { type RowChunk, RowStream } from './row-stream.js';
import type { Session } from './session.js';
import { type KeyCells, keyCell, parseKeyCells } from './source-key.js';
import type { Sessions } from './source-sessions.js';
import { type SourceShape, verifyFields } from './source-shape.js';
import { type KeyRange, readStatement } from './source-sql.js';

/** A running SELECT in its snapshot. */
interface Reading {
  readonly session: Session;
  readonly stream: RowStream;
  readonly first: RowChunk | undefined;
}

export interface PartRead {
  readonly shape: SourceShape;
  readonly range: KeyRange;
  readonly request: ReadRequest;
  readonly sessions: Sessions;
  readonly context: Context;
  /** Called each time the connection broke and another snapshot was begun. */
  readonly onBreak: () => void;
}

/**
 * The rows of a range in key order, in one snapshot. Where the connection breaks, the rows after the last one
 * given are read in another snapshot; that needs a key, without which `connection_lost` is thrown.
 */
export async function* readPart(part: PartRead): AsyncGenerator<Batch, void, void> {
  const { shape, request } = part;
  const columns: readonly Column[] = Object.freeze(shape.columns.map(({ column }) => column));
  let last = request.after === undefined ? undefined : parseKeyCells(request.after, shape.key);
  let given = false;
  for (;;) {
    const reading = await begin(part, last === undefined ? part.range : { ...part.range, after: last });
    let failure: unknown;
    try {
      let chunk = reading.first;
      while (chunk !== undefined) {
        const end = endOf(shape, chunk.rows);
        await part.context.paceRead({ items: chunk.rows.length, bytes: chunk.bytes }, alreadyRead);
        const { rows, bytes, release } = chunk;
        yield { columns, rows, bytes, release, ...positionAt(end) };
        part.context.signal.throwIfAborted();
        given = true;
        last = end;
        chunk = await reading.stream.next().catch((error: unknown) => {
          failure = error;
          return undefined;
        });
      }
    } finally {
      await finish(part.sessions, reading);
    }
    if (failure === undefined) return;
    if (!canGoOn(failure, given, shape)) throw broken(failure, shape);
    part.onBreak();
  }
}

/** Rows come as the server sends them: the pace is of those that are handed on. */
const alreadyRead = async () => undefined;

/** Opens a snapshot and waits for its first rows, so that what fails at once is retried with patience. */
function begin(part: PartRead, range: KeyRange): Promise<Reading> {
  const { shape, sessions, context } = part;
  const options = {
    sql: readStatement(shape, range, part.request.atMost),
    of: {
      cells: shape.columns.length + shape.hidden.length,
      width: shape.columns.length,
      make: shape.read,
    },
    verify: (fields: readonly FieldPacket[]) => verifyFields(shape, fields),
    ...limits(part),
  };
  return context.retry(async () => {
    const session = await sessions.lease(context);
    try {
      await session.run('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
      const stream = new RowStream(session, options);
      return { session, stream, first: await stream.next() };
    } catch (error) {
      sessions.discard(session);
      throw error;
    }
  });
}

/** A paced read takes no more at once than the pace allows in a second. */
function limits({ request, context }: PartRead): { maxRows: number; maxBytes: number } {
  const rates = context.readRates ?? {};
  return {
    maxRows: Math.max(1, Math.min(request.maxRows, Math.floor(rates.items ?? request.maxRows))),
    maxBytes: Math.max(1, Math.min(request.maxBytes, Math.floor(rates.bytes ?? request.maxBytes))),
  };
}

/** Gives the session back if all was read; otherwise the query is ended, in the server too. */
async function finish(sessions: Sessions, { session, stream }: Reading): Promise<void> {
  if (!stream.complete) {
    sessions.discard(session);
    return;
  }
  await session.run('COMMIT').then(
    () => sessions.release(session),
    () => sessions.discard(session),
  );
}

/** The key of the last row, of whose cells some may have been selected for the key alone. */
function endOf(shape: SourceShape, rows: TextRows): KeyCells {
  const row = rows.whole(-1);
  return row === undefined ? [] : shape.keyAt.map((at) => keyCell(row[at]));
}

function positionAt(end: KeyCells): { position?: Position } {
  return end.length === 0 ? {} : { position: JSON.stringify(end) };
}

/** With a key the rest can be read; when nothing was given yet, so can everything. */
function canGoOn(failure: unknown, given: boolean, shape: SourceShape): boolean {
  if (!(failure instanceof SluiceError) || failure.retry === 'never') return false;
  return shape.key.length > 0 || !given;
}

function broken(failure: unknown, shape: SourceShape): unknown {
  if (!(failure instanceof SluiceError) || failure.retry === 'never') return failure;
  return new SluiceError(
    'connection_lost',
    `${shape.name}: the read broke off and cannot go on without a key`,
    {
      hint: 'give the table a primary key, or run again with --fresh',
      cause: failure,
    },
  );
}
