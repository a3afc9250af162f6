import type { Batch } from '../../values/batch.js';
import type {
  Context,
  FoundRow,
  KeyValues,
  Part,
  Permission,
  ReadRequest,
  Source,
  SourceDescription,
  SourceReport,
  Stretch,
  Uniqueness,
} from '../connector.js';
import { placeholderValue } from '../placeholders.js';
import type { Top } from '../window.js';
import { RowSums } from './compare-sums.js';
import type { Connections } from './connection.js';
import { tableNamed } from './identifier.js';
import type { MysqlSourceOptions } from './options.js';
import { connectionPermissions, queryPermissions, readPermissions } from './permissions.js';
import { timeText, variableOf, withVariables } from './placeholders.js';
import type { Session } from './session.js';
import { type Consistency, consistencyText, describeSource, estimate } from './source-describe.js';
import { findRow } from './source-find.js';
import { parseKeyCells } from './source-key.js';
import { parseRange, splitByKey, WHOLE } from './source-parts.js';
import { readPart } from './source-read.js';
import { type Sessions, sessionsWith } from './source-sessions.js';
import { type SourceShape, sourceShape } from './source-shape.js';
import { uniqueByCount, uniqueByIndex } from './source-unique.js';
import { readTop, sinceColumn, windowVariables } from './source-window.js';

/** A table, view or query as a source of rows. */
export function createSource(
  options: MysqlSourceOptions,
  connections: Connections,
  context: Context,
): Source {
  return new MysqlSource(options, connections, context);
}

class MysqlSource implements Source {
  readonly #options: MysqlSourceOptions;
  readonly #connections: Connections;
  readonly #context: Context;
  readonly #consistency: Consistency;
  #shaping: Promise<SourceShape> | undefined;
  #shape: SourceShape | undefined;
  #bound: { readonly sessions: Sessions; readonly options: MysqlSourceOptions } | undefined;
  #breaks = 0;
  #resumed = false;

  constructor(options: MysqlSourceOptions, connections: Connections, context: Context) {
    this.#options = options;
    this.#connections = connections;
    this.#context = context;
    this.#consistency = options.consistency ?? 'snapshot';
  }

  async describe(): Promise<SourceDescription> {
    const shape = await this.#shaped();
    const server = await this.#connections.server(this.#context);
    const estimates = await this.#ask((session) => estimate(session, shape));
    const { table } = shape;
    const permissions = this.#permissions(table && readPermissions(table));
    return describeSource(shape, server, this.#consistency, estimates, permissions);
  }

  async neededAhead(): Promise<readonly Permission[]> {
    const { table } = this.#options;
    const name = table === undefined ? undefined : tableNamed(table, await this.#connections.database());
    return this.#permissions(name && readPermissions(name));
  }

  #permissions(read: readonly Permission[] = queryPermissions): readonly Permission[] {
    return [...read, ...connectionPermissions(this.#connections.options, this.#context.env)];
  }

  async parts(wanted: number): Promise<readonly Part[]> {
    const shape = await this.#shaped();
    if (this.#consistency === 'snapshot') return [WHOLE];
    return await this.#ask((session) => splitByKey(session, shape, wanted));
  }

  async *read(part: Part, request: ReadRequest): AsyncGenerator<Batch, void, void> {
    if (request.after !== undefined) this.#resumed = true;
    const shape = await this.#shaped();
    const whole = parseRange(part.range);
    const range =
      request.through === undefined ? whole : { ...whole, upTo: parseKeyCells(request.through, shape.key) };
    yield* readPart({
      shape,
      range,
      request,
      sessions: this.#bind().sessions,
      context: this.#context,
      onBreak: () => {
        this.#breaks++;
      },
    });
  }

  async unique(columns: readonly string[]): Promise<Uniqueness> {
    if (columns.length === 0) return 'unknown';
    const shape = await this.#shaped();
    if (shape.table !== undefined && uniqueByIndex(shape.table, columns)) return 'index';
    return await this.#ask((session) => uniqueByCount(session, shape, columns));
  }

  async sums(columns: readonly string[], wanted: number) {
    const shape = await this.#shaped();
    const server = await this.#connections.server(this.#context);
    const lent = { sessions: this.#bind().sessions, context: this.#context };
    const sums = RowSums.of(shape, columns, server, lent);
    if (!sums) return undefined;
    const parts = await this.#ask((session) => splitByKey(session, shape, wanted));
    return { form: sums.form, parts, sum: (part: Part) => sums.sum(part) };
  }

  async find(key: KeyValues, within?: Stretch): Promise<FoundRow | undefined> {
    const shape = await this.#shaped();
    return await findRow({ shape, sessions: this.#bind().sessions, context: this.#context }, key, within);
  }

  async top(): Promise<Top> {
    const shape = await this.#shaped();
    const { since } = this.#options;
    if (since === undefined || shape.table === undefined)
      throw new Error('only a table with since has a top');
    const column = sinceColumn(shape.table, since.column);
    return await this.#ask((session) => readTop(session, shape, column));
  }

  report(): SourceReport {
    const planned = this.#shape ? consistencyText(this.#shape, this.#consistency) : 'one snapshot';
    return { consistency: this.#had(planned), units: 0 };
  }

  /** Nothing of its own stays open: a read gives its session back when it ends, and when it is left. */
  async close(): Promise<void> {
    await this.#shaping?.catch(() => undefined);
  }

  #had(planned: string): string {
    const said: string[] = [];
    if (this.#resumed) said.push('an interrupted run went on in a new snapshot');
    if (this.#breaks > 0) said.push(`the connection broke ${times(this.#breaks)}`);
    if (said.length === 0) return planned;
    if (planned !== 'one snapshot') return `${planned}; ${said.join('; ')}`;
    return `${1 + this.#breaks + (this.#resumed ? 1 : 0)} snapshots: ${said.join('; ')}`;
  }

  async #shaped(): Promise<SourceShape> {
    this.#shaping ??= this.#describe().catch((error: unknown) => {
      this.#shaping = undefined;
      throw error;
    });
    this.#shape = await this.#shaping;
    return this.#shape;
  }

  async #describe(): Promise<SourceShape> {
    const { options, sessions } = this.#bind();
    return await sourceShape(options, { connections: this.#connections, sessions }, this.#context);
  }

  /** The declared SQL with variables for placeholders, and sessions that have them. Throws `firing_missing`. */
  #bind(): { readonly sessions: Sessions; readonly options: MysqlSourceOptions } {
    if (this.#bound) return this.#bound;
    const { firing, window } = this.#context;
    const options = { ...this.#options };
    const variables = new Map<string, string>(window ? windowVariables(window) : []);
    for (const field of ['where', 'query'] as const) {
      const declared = options[field];
      if (declared === undefined) continue;
      const { sql, names } = withVariables(declared);
      options[field] = sql;
      for (const name of names) {
        variables.set(variableOf(name), timeText(placeholderValue(firing, name, `from.${field}`)));
      }
    }
    this.#bound = { options, sessions: sessionsWith(this.#connections, variables) };
    return this.#bound;
  }

  #ask<T>(use: (session: Session) => Promise<T>): Promise<T> {
    return this.#context.retry(() => this.#bind().sessions.withConnection(this.#context, use));
  }
}

function times(count: number): string {
  if (count === 1) return 'once';
  return count === 2 ? 'twice' : `${count} times`;
}
