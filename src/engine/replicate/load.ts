import type { FeedBatch, FeedStretch } from '../../connectors/feed.js';
import type { LoadDeclaration, ReplicateStep } from '../../declare/declaration.js';
import type { Dropped, Transform, Transformed } from '../../transform/transform.js';
import { AttributeRows } from '../../values/attribute-rows.js';
import type { Batch, Change, Rows } from '../../values/batch.js';
import { JoinedRows } from '../../values/joined-rows.js';
import { hasAny, joinedChanges, packedEvents } from '../../values/packed-changes.js';
import type { LoadIntent } from './replicate-journal.js';
import { joinedColumns, picked, placer } from './rows.js';

/** What came at once, and what became of it on the way. */
interface Piece {
  readonly incoming: Batch;
  readonly transformed: Transformed;
}

/** What came of one shard. */
interface Gathered {
  stretch: FeedStretch;
  readonly pieces: Piece[];
}

/**
 * Changes that are written at once. Its rows have numbers: those of the first stretch come first, whatever order they came in,
 * so that they have the same when the stretches are read again.
 */
export interface Load extends LoadIntent {
  /** What goes to the sink; `origin` says for each of its rows the number that it has in the load. */
  readonly batch: Batch;
  readonly origin: readonly number[];
  /** Rows that the transform refused, by their numbers. */
  readonly dropped: readonly Dropped[];
  /** The row as it came, by its number. */
  incoming(row: number): { readonly batch: Batch; readonly row: number };
  /** Says that nobody will look at its rows any more (`FeedBatch.release`). */
  release(): void;
  /** Rejects are known by their changes: these may come again in another load. */
  readonly handed?: true;
}

/** What of the changes the declaration takes. */
function takenOf(batch: Batch, { events }: Pick<ReplicateStep, 'events'>): Batch {
  const { changes = [] } = batch;
  const isTaken = (event: Change['event']): boolean => events.includes(event);
  const others = packedEvents.filter((event) => !isTaken(event));
  if (changes.length === batch.rows.length && !hasAny(changes, others)) return batch;
  return picked(
    batch,
    [...changes].flatMap(({ event }, index) => (isTaken(event) ? [index] : [])),
  );
}

/** Gathers changes until there are enough for a load, or the first has waited long enough. */
export class Gathering {
  readonly #limits: LoadDeclaration;
  readonly #transform: Transform;
  readonly #step: Pick<ReplicateStep, 'events'>;
  /** A child shard comes behind its parents, since nothing of it is given before they are done. */
  readonly #shards = new Map<string, Gathered>();
  #rows = 0;
  #bytes = 0;
  #sinceMs: number | undefined;
  #releases: (() => void)[] = [];

  constructor(limits: LoadDeclaration, transform: Transform, step: Pick<ReplicateStep, 'events'>) {
    this.#limits = limits;
    this.#transform = transform;
    this.#step = step;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Nothing has come, not even a place. */
  get isEmpty(): boolean {
    return this.#shards.size === 0;
  }

  /** Whether a batch goes into this load. The first one always does. */
  hasRoom({ batch }: FeedBatch): boolean {
    if (this.#rows === 0) return true;
    const { rows, bytes } = this.#limits;
    return this.#rows + batch.rows.length <= rows && this.#bytes + batch.bytes <= bytes;
  }

  get isFull(): boolean {
    return this.#rows >= this.#limits.rows || this.#bytes >= this.#limits.bytes;
  }

  /** Milliseconds until the first has waited long enough; absent while nothing has come. */
  dueInMs(nowMs: number): number | undefined {
    if (this.#sinceMs === undefined) return undefined;
    return Math.max(0, this.#sinceMs + this.#limits.seconds * 1000 - nowMs);
  }

  add({ batch, stretch, release }: FeedBatch, nowMs: number): void {
    this.#sinceMs ??= nowMs;
    if (release) this.#releases.push(release);
    const gathered = this.#shards.get(stretch.shard) ?? { stretch, pieces: [] };
    this.#shards.set(stretch.shard, gathered);
    // A stretch without rows says nowhere that it begins.
    gathered.stretch = { ...stretch, ...gathered.stretch, to: stretch.to };
    const incoming = takenOf(batch, this.#step);
    if (incoming.rows.length === 0) return;
    gathered.pieces.push({ incoming, transformed: this.#transform.apply(incoming) });
    this.#rows += incoming.rows.length;
    this.#bytes += incoming.bytes;
  }

  /** What was gathered; it begins anew. */
  take(sequence: number): Load {
    const gathered = [...this.#shards.values()];
    const load = loadOf(
      gathered.flatMap(({ pieces }) => pieces),
      {
        token: `load.${sequence}`,
        sequence,
        rows: this.#rows,
        bytes: this.#bytes,
        stretches: gathered.map(({ stretch }) => stretch),
      },
      this.#releases,
    );
    this.#releases = [];
    this.#shards.clear();
    this.#rows = 0;
    this.#bytes = 0;
    this.#sinceMs = undefined;
    return load;
  }
}

function loadOf(pieces: readonly Piece[], intent: LoadIntent, releases: readonly (() => void)[]): Load {
  let next = 0;
  const numbered = pieces.map((piece) => {
    const start = next;
    next += piece.incoming.rows.length;
    return { ...piece, start };
  });
  return {
    ...intent,
    batch: joinedBatch(pieces.map(({ transformed }) => transformed.batch)),
    origin: numbersOf(numbered),
    dropped: numbered.flatMap(({ start, transformed }) =>
      transformed.dropped.map((one) => ({ ...one, row: start + one.row })),
    ),
    incoming: (row) => {
      const piece = numbered.findLast(({ start }) => start <= row);
      if (!piece) throw new Error('a load has no such row');
      return { batch: piece.incoming, row: row - piece.start };
    },
    release: () => {
      for (const release of releases) release();
    },
  };
}

/** For each row that goes on its number. */
function numbersOf(pieces: readonly (Piece & { readonly start: number })[]): number[] {
  const numbers: number[] = [];
  for (const { start, transformed } of pieces) {
    const { batch, origin } = transformed;
    for (let row = 0; row < batch.rows.length; row++) numbers.push(start + (origin?.[row] ?? row));
  }
  return numbers;
}

function joinedBatch(batches: readonly Batch[]): Batch {
  const [only] = batches;
  if (only && batches.length === 1) return only;
  const columns = joinedColumns(batches.map((batch) => batch.columns));
  return {
    columns,
    rows: joinedRows(batches, columns),
    bytes: batches.reduce((sum, { bytes }) => sum + bytes, 0),
    changes: joinedChanges(batches.map(({ changes = [] }) => changes)),
  };
}

/** Bytes stay bytes where all are, and have the same columns. */
function joinedRows(batches: readonly Batch[], columns: Batch['columns']): Rows {
  const parts = batches.flatMap(({ columns: own, rows }) =>
    own === columns && rows instanceof AttributeRows ? [rows] : [],
  );
  if (parts.length === batches.length) return new JoinedRows(parts);
  return batches.flatMap((batch) => batch.rows.map(placer(batch.columns, columns)));
}
