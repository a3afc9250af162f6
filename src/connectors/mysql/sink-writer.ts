import type { Batch } from '../../values/batch.js';
import type { Column } from '../../values/column.js';
import type { KeepRefused, Writer, Written } from '../connector.js';
import { ChangeMirror } from './change-mirror.js';
import { isReadOnly } from './failures.js';
import { lastTimestampOf } from './fit-column.js';
import { quoteTable } from './identifier.js';
import { LineRoom } from './load-encoder.js';
import type { Sequences } from './sequences.js';
import type { Session } from './session.js';
import { type ColumnMap, keyColumns, mapColumns } from './sink-columns.js';
import { type MergeRequest, mergeStage } from './sink-merge.js';
import { refusedOf, Stage, stageNames } from './sink-stage.js';
import type { Target } from './sink-target.js';
import { lastOfEachKey, Task } from './sink-task.js';
import { packedIdentities } from './taken-changes.js';

/** Where batches have no end, the ledger is trimmed once in so many. */
const TRIM_BATCHES = 200;

/**
 * Writes batches through one session. A batch is one transaction with its row in the ledger:
 *
 *   load straight into the table; if every row went in without a warning, commit (the usual case)
 *   else roll back; load into a stage, halving until the rows that the server would change are found;
 *        compare the stage with the table; update, insert, halving until the refused rows are found; commit
 *
 * When anything fails in a way that may pass, all of it is done again, after a look into the ledger.
 */
export class SinkWriter implements Writer {
  readonly #target: Target;
  readonly #room = new LineRoom();
  #session: Session | undefined;
  #stage: { readonly stage: Stage; readonly session: Session; readonly map: ColumnMap } | undefined;
  #mirror: ChangeMirror | undefined;
  #map: { readonly columns: readonly Column[]; readonly map: ColumnMap } | undefined;
  #commits = 0;
  /** The last batch met rows that were there, so the next probably will. */
  #meetsRows = false;

  constructor(target: Target) {
    this.#target = target;
  }

  async write(batch: Batch, token: string, keep?: KeepRefused): Promise<Written> {
    const map = this.#mapFor(batch.columns);
    for (;;) {
      const { loaders, resumed } = this.#target;
      const task = new Task({ batch, token, keep }, map, loaders.loader, this.#room);
      task.mayBeRecorded = resumed;
      try {
        return await this.#target.context.retry(() => this.#attempt(task));
      } catch (error) {
        if (!loaders.yieldsTo(error, task.loader)) throw error;
      } finally {
        await task.loader.settled?.();
      }
    }
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    const { connections } = this.#target;
    try {
      for (const name of stageNames(this.#target.table)) {
        await session.run(`DROP TEMPORARY TABLE IF EXISTS ${quoteTable(name)}`);
      }
      await session.run('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await session.run('SET SESSION foreign_key_checks = 1');
      connections.release(session);
    } catch {
      connections.discard(session);
    }
  }

  #mapFor(columns: readonly Column[]): ColumnMap {
    if (this.#map?.columns === columns) return this.#map.map;
    const { table, open, options, server, overwrites, sequences } = this.#target;
    const map = mapColumns({
      incoming: columns,
      open,
      table,
      extra: options.extra,
      lastTimestamp: lastTimestampOf(server),
      numbersRows: !overwrites,
      whole: sequences !== undefined,
    });
    this.#map = { columns, map };
    return map;
  }

  async #attempt(task: Task): Promise<Written> {
    const session = await this.#ready();
    try {
      if (task.mayBeRecorded) {
        const { changes } = this.#changesOf(task);
        const recorded = await this.#target.ledger.find(session, task.token, changes);
        if (recorded) return recorded;
      }
      task.mayBeRecorded = true;
      if (this.#target.sequences) return await this.#changed(session, task, this.#target.sequences);
      if (!this.#meetsRows) {
        const written = await this.#direct(session, task);
        if (written) return written;
      }
      return await this.#staged(session, task);
    } catch (error) {
      await this.#undo(session, error);
      throw error;
    }
  }

  async #ready(): Promise<Session> {
    if (this.#session && !this.#session.lost) return this.#session;
    const { connections, context, checksKeysLater, loaders } = this.#target;
    if (this.#session) connections.discard(this.#session);
    const session = await connections.lease(context);
    this.#session = session;
    await loaders.loader.prepare?.(session);
    await session.run('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    if (checksKeysLater) await session.run('SET SESSION foreign_key_checks = 0');
    return session;
  }

  /** Loads into the table itself; undefined, with everything undone, if a row did not go in as it is. */
  async #direct(session: Session, task: Task): Promise<Written | undefined> {
    await session.run('START TRANSACTION');
    const count = await task.load(session, this.#target.into);
    if (count === undefined) {
      await session.run('ROLLBACK');
      return undefined;
    }
    return await this.#commit(session, task, {
      written: count,
      unchanged: 0,
      rejects: task.refused,
      units: 0,
    });
  }

  async #changed(session: Session, task: Task, sequences: Sequences): Promise<Written> {
    if (!this.#mirror?.serves(session, task)) {
      this.#mirror = await ChangeMirror.open(session, this.#target, sequences, task);
    }
    return await this.#commit(session, task, await this.#mirror.apply(task));
  }

  async #staged(session: Session, task: Task): Promise<Written> {
    const prepared = task.prepared();
    const { groups, earlier } = this.#target.overwrites
      ? lastOfEachKey(task, prepared)
      : { groups: prepared.groups, earlier: 0 };
    const stage = await this.#stageFor(session, task);
    await stage.clear('by itself');
    const unstaged = await stage.add(groups);
    const isUnstaged = new Set(unstaged.map(({ row }) => row));
    const numbers = Array.from({ length: stage.size }, (_, number) => number).filter(
      (number) => !isUnstaged.has(stage.rowOf(number)),
    );
    await session.run('START TRANSACTION');
    const merged = await mergeStage(this.#mergeRequest(session, stage, task.map), numbers);
    this.#meetsRows = merged.unchanged + merged.updates + merged.refused.length > 0;
    const rejects = [...prepared.refused, ...[...unstaged, ...merged.refused].map(refusedOf)];
    return await this.#commit(session, task, {
      written: merged.written,
      unchanged: merged.unchanged + earlier,
      rejects: rejects.sort((one, other) => one.row - other.row),
      units: 0,
    });
  }

  #mergeRequest(session: Session, stage: Stage, map: ColumnMap): MergeRequest {
    const { into, overwrites, checksKeysLater, foreignKeys } = this.#target;
    return {
      session,
      stage,
      table: into,
      key: keyColumns(map).map(({ column }) => column),
      overwrites,
      foreignKeys: checksKeysLater ? [] : foreignKeys,
    };
  }

  async #stageFor(session: Session, { map, loader }: Task): Promise<Stage> {
    const known = this.#stage;
    if (known && known.session === session && known.map === map && known.stage.loader === loader) {
      return known.stage;
    }
    const stage = await Stage.create(session, this.#target.table, map.columns, loader);
    this.#stage = { stage, session, map };
    return stage;
  }

  /** Ends the transaction with the batch's keys and its row in the ledger, once its rejects are kept. */
  async #commit(session: Session, task: Task, written: Written): Promise<Written> {
    const { ledger, mirror, endless, context } = this.#target;
    this.#commits++;
    if (written.rejects.length > 0) await task.keep?.(written.rejects);
    const taken = this.#changesOf(task);
    if (taken.changes !== undefined) await ledger.take(session, task.batch.changes ?? []);
    if (endless && this.#commits % TRIM_BATCHES === 0)
      await ledger.trim(session, context.handed !== undefined);
    const unkeyed = mirror ? await mirror.addKeys(session, task.batch.rows, task.map, task.loader) : 0;
    if (await ledger.record(session, task.token, { written, unkeyed, ...taken })) {
      await session.run('COMMIT');
      return written;
    }
    await session.run('ROLLBACK');
    return (await ledger.find(session, task.token)) ?? written;
  }

  /** Where a change may be handed over again, in another batch, and would be added again. */
  #changesOf({ batch: { changes } }: Task): { readonly changes?: string } {
    const { context, endless, overwrites } = this.#target;
    if (!context.handed || !endless || overwrites || !changes) return {};
    return { changes: packedIdentities(changes) };
  }

  async #undo(session: Session, error: unknown): Promise<void> {
    if (session.lost) return;
    if (isReadOnly(error)) {
      this.#target.connections.discard(session);
      return;
    }
    try {
      await session.run('ROLLBACK');
    } catch {
      this.#target.connections.discard(session);
    }
  }
}
