import type { Change } from '../../values/batch.js';
import { type ChangeChains, changeChains, changesOf } from '../change-chains.js';
import type { Refused, Written } from '../connector.js';
import { type ChangeKeys, changeKeys } from './change-keys.js';
import { LineRoom } from './load-encoder.js';
import { type ChangesRequest, mergeChanges, type StagedChanges } from './merge-changes.js';
import type { Sequences } from './sequences.js';
import type { Session } from './session.js';
import { type ColumnMap, keyColumns } from './sink-columns.js';
import { encodeRows, type PreparedRows, prepareRows, type RowGroup } from './sink-rows.js';
import { type ClearingPlace, type RefusedRow, refusedOf, Stage, stageName } from './sink-stage.js';
import type { Target } from './sink-target.js';
import type { Task } from './sink-task.js';

/** A batch on its way. */
interface Work {
  readonly task: Task;
  readonly changes: readonly Change[];
  readonly keys: ChangeKeys;
  readonly chains: ChangeChains;
}

/** Staged changes, and those that could not be staged. */
interface Staging {
  readonly staged: StagedChanges | undefined;
  readonly refused: readonly Refused[];
}

/** What became of the changes of one turn. */
interface Outcome {
  readonly written: number;
  readonly unchanged: number;
  readonly refused: readonly Refused[];
}

const nothingStaged: Staging = { staged: undefined, refused: [] };

/**
 * Brings batches of changes into a table of which each row is an item of the source, through one session:
 *
 *   of each key only the newest change is staged: rows to be there in one stage, keys to go in another;
 *   those that are older than what the table has taken of their keys are left alone (`Sequences`);
 *   keys go, rows are updated and inserted; their sequences are kept, in the same transaction;
 *   where the newest of a key was refused the one before it has its turn, so that a reject hides no good change.
 *
 * Each change ends as exactly one (invariant 2): rejected; written, if it changed the table; else unchanged: it came too
 * late, was followed by another of its key in the batch, found the table so, or was left out by `ttlDeletes`.
 */
export class ChangeMirror {
  readonly #session: Session;
  readonly #target: Target;
  readonly #sequences: Sequences;
  readonly #map: ColumnMap;
  readonly #puts: Stage;
  readonly #removes: Stage;
  readonly #room = new LineRoom();

  private constructor(
    session: Session,
    target: Target,
    sequences: Sequences,
    map: ColumnMap,
    [puts, removes]: readonly [Stage, Stage],
  ) {
    this.#session = session;
    this.#target = target;
    this.#sequences = sequences;
    this.#map = map;
    this.#puts = puts;
    this.#removes = removes;
  }

  /** For batches whose columns have the task's map. */
  static async open(session: Session, target: Target, sequences: Sequences, { map, loader }: Task) {
    const { table } = target;
    const shape = (kind: 'puts' | 'removes') => ({ name: stageName(table, kind), sequenced: true });
    const puts = await Stage.create(session, table, map.columns, loader, shape('puts'));
    const removes = await Stage.create(session, table, keyColumns(map), loader, shape('removes'));
    return new ChangeMirror(session, target, sequences, map, [puts, removes]);
  }

  serves(session: Session, { map, loader }: Task): boolean {
    return this.#session === session && this.#map === map && this.#puts.loader === loader;
  }

  /** Begins a transaction and leaves it open, with all of the batch done in it. */
  async apply(task: Task): Promise<Written> {
    const work = this.#workOf(task);
    const { chains, changes } = work;
    const rejects: Refused[] = [...chains.refused];
    let tried = 0;
    let written = 0;
    let unchanged = chains.ignored;
    let turn = chains.newest;
    do {
      const outcome = await this.#turn(work, turn, tried === 0);
      tried += turn.length;
      written += outcome.written;
      unchanged += outcome.unchanged;
      rejects.push(...outcome.refused);
      turn = outcome.refused.flatMap(({ row }) => chains.before(row) ?? []);
    } while (turn.length > 0);
    const followed = changes.length - chains.ignored - chains.refused.length - tried;
    rejects.sort((one, other) => one.row - other.row);
    return { written, unchanged: unchanged + followed, rejects, units: 0 };
  }

  #workOf(task: Task): Work {
    const { batch, loader } = task;
    const { ttlDeletes } = this.#target.options;
    const keys = changeKeys(this.#map, batch.rows, loader.spelling);
    const chains = changeChains({ batch, ttlDeletes, keyOf: (row) => keys.nameOf(row) });
    return { task, changes: changesOf(batch), keys, chains };
  }

  /** At most one change of each key. The first turn begins the transaction. */
  async #turn(work: Work, rows: readonly number[], isFirst: boolean): Promise<Outcome> {
    const isRemove = (row: number) => work.changes[row]?.event === 'remove';
    const place = isFirst ? 'by itself' : 'within a transaction';
    const puts = await this.#stagePuts(
      work,
      rows.filter((row) => !isRemove(row)),
      place,
    );
    const removes = await this.#stageRemoves(work, rows.filter(isRemove), place);
    if (isFirst) {
      await this.#session.run('START TRANSACTION');
      await this.#sequences.lock(this.#session);
    }
    const merged = await mergeChanges(this.#request(puts.staged, removes.staged));
    const refused = [...puts.refused, ...removes.refused, ...merged.refused.map(refusedOf)];
    return { written: merged.written, unchanged: merged.unchanged, refused };
  }

  async #stagePuts(work: Work, rows: readonly number[], place: ClearingPlace): Promise<Staging> {
    if (rows.length === 0) return nothingStaged;
    const stage = this.#puts;
    await stage.clear(place);
    const sequenceOf = (row: number) => work.changes[row]?.sequence ?? '';
    const { batch, loader } = work.task;
    const encoded = loader.loadEncoded ? await this.#stageEncoded(work, rows, sequenceOf) : undefined;
    const prepared = encoded ?? prepareRows(this.#map, batch.rows, loader.spelling, rows);
    const unstaged = await stage.add(prepared.groups, sequenceOf);
    return stagingOf(stage, unstaged, prepared.refused);
  }

  /** Stages what has the usual columns, without a string for each line; undefined if the server did not take all of it. */
  async #stageEncoded(
    { task }: Work,
    chosen: readonly number[],
    sequenceOf: (row: number) => string,
  ): Promise<PreparedRows | undefined> {
    const rows: number[] = [];
    this.#room.clear();
    const { lines, others } = encodeRows(this.#map, task.batch.rows, this.#room, {
      chosen,
      head: (row) => `${rows.length},${sequenceOf(row)}`,
      took: (row) => rows.push(row),
    });
    return (await this.#puts.addEncoded(lines, rows)) ? others : undefined;
  }

  async #stageRemoves(work: Work, rows: readonly number[], place: ClearingPlace): Promise<Staging> {
    if (rows.length === 0) return nothingStaged;
    const stage = this.#removes;
    await stage.clear(place);
    const lines = rows.map((row) => work.keys.lineOf(row));
    const group: RowGroup = { columns: stage.columns, lines, rows: [...rows], warnings: [] };
    const unstaged = await stage.add([group], (row) => work.changes[row]?.sequence ?? '');
    return stagingOf(stage, unstaged, []);
  }

  #request(puts: StagedChanges | undefined, removes: StagedChanges | undefined): ChangesRequest {
    const { table, checksKeysLater, foreignKeys } = this.#target;
    return {
      session: this.#session,
      sequences: this.#sequences,
      puts,
      removes,
      table,
      key: keyColumns(this.#map).map(({ column }) => column),
      overwrites: true,
      foreignKeys: checksKeysLater ? [] : foreignKeys,
    };
  }
}

function stagingOf(stage: Stage, unstaged: readonly RefusedRow[], refused: readonly Refused[]): Staging {
  const missing = new Set(unstaged.map(({ row }) => row));
  const numbers = Array.from({ length: stage.size }, (_, number) => number);
  return {
    staged: { stage, numbers: numbers.filter((number) => !missing.has(stage.rowOf(number))) },
    refused: [...refused, ...unstaged.map(refusedOf)],
  };
}
