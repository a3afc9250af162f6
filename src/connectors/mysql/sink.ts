import { SluiceError } from '../../errors.js';
import type { Batch, Changes } from '../../values/batch.js';
import type { Comparison } from '../comparison.js';
import type {
  Context,
  Finding,
  Finished,
  Incoming,
  Permission,
  Refused,
  Sink,
  SinkPlan,
  Writer,
} from '../connector.js';
import { loadFromFindings, loadFromPermissions } from './aurora.js';
import { changesTrial } from './change-keys.js';
import { MysqlComparison } from './compare.js';
import type { Connections } from './connection.js';
import { lastTimestampOf } from './fit-column.js';
import { PendingTables, verifyForeignKeys } from './foreign-keys.js';
import { type TableName, tableNamed } from './identifier.js';
import { Ledger, type LedgerTotals, placeOf, type RecordedBatch } from './ledger.js';
import { loadSpelling } from './load-dialect.js';
import { s3Loader } from './load-from-s3.js';
import { LoadObjects } from './load-objects.js';
import { keysTable, Mirror } from './mirror.js';
import type { MysqlSinkOptions } from './options.js';
import { connectionPermissions, sinkPermissions } from './permissions.js';
import { describeRelations, type Relations } from './relations.js';
import { describeTable, type Table } from './schema.js';
import { Sequences } from './sequences.js';
import type { Server } from './server.js';
import type { Session } from './session.js';
import { Shadow } from './shadow.js';
import { mapColumns } from './sink-columns.js';
import type { SinkMode } from './sink-findings.js';
import { SinkLock } from './sink-lock.js';
import { missingTable, planNewTable, planSink } from './sink-plan.js';
import { prepareRows } from './sink-rows.js';
import { LoaderChoice, type Target } from './sink-target.js';
import { SinkWriter } from './sink-writer.js';
import { takenOf } from './taken-changes.js';
import { TriggerKeeper } from './triggers.js';

/** A table as a sink of rows. */
export function createSink(options: MysqlSinkOptions, connections: Connections, context: Context): Sink {
  return new MysqlSink(options, connections, context);
}

/** Cleaning up goes on for so long after the run's own signal. */
const AFTERCARE_MS = 20_000;
/** Of objects that are older nobody is at work with: other processes may have the step open too, until it is finished. */
const STALE_MS = 3_600_000;

/** What is known once the sink is planned. */
interface Planned {
  readonly name: TableName;
  readonly server: Server;
  readonly creates: string | undefined;
  readonly table: Table | undefined;
  readonly relations: Relations;
  readonly incoming: Incoming;
}

/** What exists once the sink is open. */
interface Opened {
  readonly target: Target;
  readonly relations: Relations;
  readonly shadow: Shadow | undefined;
  readonly triggers: TriggerKeeper;
}

class MysqlSink implements Sink {
  readonly #options: MysqlSinkOptions;
  readonly #connections: Connections;
  readonly #context: Context;
  #mode: SinkMode;
  readonly #pending: PendingTables;
  #planned: Planned | undefined;
  /** Through which rows are loaded; absent where they go through the connection. */
  #objects: LoadObjects | undefined;
  #opened: Opened | undefined;
  #lock: SinkLock | undefined;
  /** Rows that the finished step has deleted; undefined until it is finished, by this attempt or one before. */
  #deleted: number | undefined;
  /** Whose triggers may be away, from the moment that the first is dropped. */
  #triggers: TriggerKeeper | undefined;
  /** `finish` has returned to whoever called it. */
  #isEnded = false;
  /** This sink counts among those whose tables are not complete yet. */
  #isPending = false;

  constructor(options: MysqlSinkOptions, connections: Connections, context: Context) {
    this.#options = options;
    this.#connections = connections;
    this.#context = context;
    this.#mode = options.mode ?? 'upsert';
    this.#pending = PendingTables.of(connections);
  }

  async plan(incoming: Incoming): Promise<SinkPlan> {
    const server = await this.#connections.server(this.#context);
    const plan = await this.#planTable(server, incoming);
    const { options } = this.#connections;
    if (options.loadFrom === undefined) return plan;
    this.#objects ??= new LoadObjects(options.loadFrom, options, this.#context);
    const objects = this.#objects;
    const findings = await this.#ask((session) => loadFromFindings(session, server, objects));
    const permissions = loadFromPermissions(server, objects.place, options.role);
    return {
      ...plan,
      findings: [...plan.findings, ...findings],
      permissions: [...plan.permissions, ...permissions],
    };
  }

  async #planTable(server: Server, incoming: Incoming): Promise<SinkPlan> {
    const name = tableNamed(this.#options.table ?? '', await this.#connections.database());
    const permissions = this.#permissions(name, incoming.changes === true);
    const table = await this.#ask((session) => this.#existing(session, server, name));
    this.#expect(table ?? name);
    if (table === undefined) {
      const plan = planNewTable(name, server, this.#mode, this.#options, incoming, permissions);
      this.#planned = { name, server, creates: plan.creates, table, relations: noRelations, incoming };
      return plan;
    }
    if (this.#context.replay && !incoming.changes) this.#mode = modeOfReplay(this.#mode, table);
    const relations = await this.#ask((session) => describeRelations(session, table));
    const savedTriggers = await this.#ask((session) => this.#keeper(table).savedNames(session));
    this.#planned = { name, server, creates: undefined, table, relations, incoming };
    const map = mapColumns({
      incoming: incoming.columns,
      open: incoming.open,
      table,
      extra: this.#options.extra,
      lastTimestamp: lastTimestampOf(server),
      numbersRows: this.#mode === 'append',
    });
    const facts = {
      mode: this.#mode,
      options: this.#options,
      server,
      fromS3: this.#connections.options.loadFrom !== undefined,
      table,
      relations,
      savedTriggers,
      incoming,
      map,
    };
    return planSink(facts, permissions);
  }

  #permissions(name: TableName, ofChanges: boolean): readonly Permission[] {
    const keys = keysTable(name, this.#context);
    const { options } = this.#connections;
    return [
      ...sinkPermissions({ name, mode: this.#mode, options: this.#options, ofChanges, keys }),
      ...connectionPermissions(options, this.#context.env),
    ];
  }

  trial(batch: Batch): readonly Refused[] {
    const { table, server, incoming } = this.#planned ?? {};
    if (table === undefined || server === undefined || incoming === undefined) return [];
    const { extra } = this.#options;
    const { open } = incoming;
    const lastTimestamp = lastTimestampOf(server);
    const whole = incoming.changes === true && this.#mode === 'mirror';
    const map = mapColumns({ incoming: batch.columns, open, table, extra, lastTimestamp, whole });
    if (whole) return changesTrial(map, batch);
    return prepareRows(map, batch.rows, loadSpelling).refused;
  }

  async open({ resume }: { readonly resume: boolean }): Promise<void> {
    const planned = this.#planned;
    if (planned === undefined) throw new Error('a sink is planned before it is opened');
    const isWhole = this.#context.replay !== true;
    const ofChanges = planned.incoming.changes === true;
    const objects = this.#objects;
    await objects?.sweep(STALE_MS);
    if (isWhole && this.#changesWhole() && !ofChanges) {
      this.#lock ??= await SinkLock.take(this.#connections, this.#context, planned.table ?? planned.name);
    }
    await this.#ask(async (session) => {
      const table = planned.table ?? (await this.#create(session, planned));
      const ledger = new Ledger(table, this.#context);
      await ledger.create(session);
      this.#deleted = resume && !ofChanges ? await ledger.finished(session) : undefined;
      const isFinished = this.#deleted !== undefined;
      const triggers = this.#keeper(table);
      this.#triggers = triggers;
      if (this.#options.triggers === 'suspend' && !isFinished) await triggers.suspend(session);
      else await triggers.restore(session);
      const shadow = isWhole && this.#mode === 'replace' ? new Shadow(table) : undefined;
      if (!isFinished) await shadow?.open(session, ledger, resume);
      const isMirror = this.#mode === 'mirror';
      const sequences =
        ofChanges && isMirror ? this.#sequences(table, planned.incoming.numbering) : undefined;
      await sequences?.create(session);
      const mirror =
        isWhole && isMirror && !ofChanges ? new Mirror(table, this.#options, this.#context) : undefined;
      if (!isFinished) await mirror?.open(session, resume && (await ledger.totals(session)).batches > 0);
      const target: Target = {
        context: this.#context,
        connections: this.#connections,
        options: this.#options,
        server: planned.server,
        open: planned.incoming.open,
        table,
        resumed: resume,
        into: shadow?.name ?? table,
        overwrites: this.#mode !== 'append',
        ledger,
        loaders: new LoaderChoice(planned.server, objects && s3Loader(objects, planned.server)),
        mirror,
        endless: ofChanges,
        sequences,
        foreignKeys: planned.relations.foreignKeys,
        checksKeysLater: this.#options.foreignKeys === 'after',
      };
      this.#opened = { target, relations: planned.relations, shadow, triggers };
    });
  }

  async recorded(tokens: readonly string[]): Promise<ReadonlyMap<string, RecordedBatch>> {
    const { target } = this.#isOpen();
    return await this.#ask((session) => target.ledger.recorded(session, tokens));
  }

  async taken(changes: Changes, run?: string): ReturnType<NonNullable<Sink['taken']>> {
    const { target } = this.#isOpen();
    if (!this.#context.handed || target.overwrites || changes.length === 0) return new Map();
    return takenOf(changes, await this.#ask((session) => target.ledger.overlapping(session, changes, run)));
  }

  async comparison(): Promise<Comparison> {
    const planned = this.#planned;
    if (planned === undefined) throw new Error('a sink is planned before it is compared');
    const { name, server, incoming } = planned;
    this.#settle();
    const table = await this.#ask((session) => describeTable(session, server, name));
    return new MysqlComparison({
      options: this.#options,
      mode: this.#mode,
      connections: this.#connections,
      context: this.#context,
      server,
      table,
      incoming,
    });
  }

  async writer(): Promise<Writer> {
    return new SinkWriter(this.#isOpen().target);
  }

  async finish({ rejected }: { readonly rejected: number }): Promise<Finished> {
    const { target, relations, shadow, triggers } = this.#isOpen();
    const { ledger, mirror, table } = target;
    let findings: readonly Finding[] = [];
    if (this.#deleted === undefined) {
      const finished = await this.#ask(async (session) => {
        const totals = await ledger.totals(session);
        await shadow?.finish(session, this.#options.duplicates === 'last' ? undefined : totals.written);
        return await this.#deleteGone(session, rejected, totals);
      });
      findings = finished.findings;
      this.#settle();
      await this.#ask(async (session) => {
        await verifyForeignKeys(session, table, relations, target.checksKeysLater, this.#pending);
        await triggers.restore(session);
        await ledger.finish(session, finished.deleted);
      });
      this.#deleted = finished.deleted;
    }
    await this.#ask(async (session) => await mirror?.close(session));
    await this.#objects?.sweep(0);
    this.#isEnded = true;
    return { deleted: this.#deleted, findings };
  }

  async #deleteGone(session: Session, rejected: number, totals: LedgerTotals): Promise<Finished> {
    const { mirror, checksKeysLater } = this.#isOpen().target;
    if (mirror === undefined) return { deleted: 0, findings: [] };
    if (checksKeysLater) await session.run('SET SESSION foreign_key_checks = 0');
    const finished = await mirror.finish(session, rejected, totals);
    if (checksKeysLater) await session.run('SET SESSION foreign_key_checks = 1');
    return finished;
  }

  async abandon(): Promise<void> {
    this.#settle();
    const triggers = this.#triggers;
    if (triggers === undefined || this.#options.triggers !== 'suspend') return;
    await this.#aftercare((session) => triggers.restore(session));
  }

  /** Whoever finished has noted the end for itself by now, so that the ledger need no longer. */
  async close(): Promise<void> {
    this.#settle();
    this.#lock?.release();
    this.#lock = undefined;
    const { ledger } = this.#opened?.target ?? {};
    if (ledger && this.#isEnded) await this.#aftercare((session) => ledger.forget(session));
    await this.#objects?.close();
    this.#opened = undefined;
  }

  /** Tidies up as well as it can, also when the run's own signal is aborted. */
  async #aftercare(tidy: (session: Session) => Promise<void>): Promise<void> {
    const signal = AbortSignal.timeout(AFTERCARE_MS);
    const context: Context = { ...this.#context, signal, retry: (call) => call() };
    try {
      await this.#connections.withConnection(context, tidy);
    } catch (error) {
      if (!(error instanceof SluiceError) && !signal.aborted) throw error;
    }
  }

  /** Whether two runs at once would spoil each other's work, ledger or not. */
  #changesWhole(): boolean {
    return this.#mode === 'replace' || this.#mode === 'mirror';
  }

  async #existing(session: Session, server: Server, name: TableName): Promise<Table | undefined> {
    try {
      return await describeTable(session, server, name);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'table_missing') throw error;
      if (this.#options.create) return undefined;
      throw missingTable(error);
    }
  }

  async #create(session: Session, { name, server, creates }: Planned): Promise<Table> {
    if (creates !== undefined)
      await session.run(creates.replace(/^CREATE TABLE /, 'CREATE TABLE IF NOT EXISTS '));
    return await describeTable(session, server, name);
  }

  #sequences(table: Table, numbering: string | undefined): Sequences {
    const key = table.primaryKey.flatMap(
      (name) => table.columns.find((column) => column.name === name) ?? [],
    );
    return new Sequences(table, key, this.#context, numbering);
  }

  #keeper(table: TableName): TriggerKeeper {
    return new TriggerKeeper(table, placeOf(this.#context, table));
  }

  #isOpen(): Opened {
    if (this.#opened === undefined) throw new Error('a sink is opened before it is written');
    return this.#opened;
  }

  #expect(table: TableName): void {
    if (this.#isPending) return;
    this.#isPending = true;
    this.#pending.expect(table);
  }

  #settle(): void {
    if (!this.#isPending) return;
    this.#isPending = false;
    const { table, name } = this.#planned ?? {};
    if (table ?? name) this.#pending.settle((table ?? name) as TableName);
  }

  #ask<T>(use: (session: Session) => Promise<T>): Promise<T> {
    return this.#context.retry(() => this.#connections.withConnection(this.#context, use));
  }
}

/** Rows that are sent again one by one neither swap nor compare the table. */
function modeOfReplay(mode: SinkMode, table: Table): SinkMode {
  if (mode !== 'replace' && mode !== 'mirror') return mode;
  return table.primaryKey.length > 0 ? 'upsert' : 'append';
}

const noRelations: Relations = { foreignKeys: [], referencedBy: [], triggers: [] };
