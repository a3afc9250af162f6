import type { Batch } from '../../values/batch.js';
import type { KeepRefused, Refused } from '../connector.js';
import type { TableName } from './identifier.js';
import type { Loader } from './load.js';
import type { LoadTarget } from './load-dialect.js';
import type { LineRoom } from './load-encoder.js';
import type { Session } from './session.js';
import type { ColumnMap, LoadedColumn } from './sink-columns.js';
import {
  type EncodedRows,
  encodeRows,
  keyLine,
  type PreparedRows,
  prepareRows,
  type RowGroup,
} from './sink-rows.js';

/** What a writer was asked for. */
interface WriteCall {
  readonly batch: Batch;
  readonly token: string;
  readonly keep: KeepRefused | undefined;
}

/** One batch on its way into the table, with what has been made of its rows. */
export class Task {
  readonly batch: Batch;
  readonly token: string;
  readonly keep: KeepRefused | undefined;
  readonly map: ColumnMap;
  readonly loader: Loader;
  readonly #room: LineRoom;
  /** An attempt before this one may have reached its COMMIT. Where none has, the ledger's own key is guard enough. */
  mayBeRecorded = false;
  #encoded: EncodedRows | undefined;
  #prepared: PreparedRows | undefined;

  /** No other task may use the room meanwhile. */
  constructor({ batch, token, keep }: WriteCall, map: ColumnMap, loader: Loader, room: LineRoom) {
    room.clear();
    this.#room = room;
    this.batch = batch;
    this.token = token;
    this.keep = keep;
    this.map = map;
    this.loader = loader;
  }

  /** Rows that no server need be asked about. */
  get refused(): readonly Refused[] {
    return (this.#encoded?.others ?? this.prepared()).refused;
  }

  /** The rows as lines, for the ways in which each line counts. */
  prepared(): PreparedRows {
    this.#prepared ??= prepareRows(this.map, this.batch.rows, this.loader.spelling);
    return this.#prepared;
  }

  /** Loads all rows that fit; undefined if the server did not take each as it is. Returns how many they are. */
  async load(session: Session, into: TableName): Promise<number | undefined> {
    const { loader } = this;
    if (!loader.loadEncoded) return await this.#loadGroups(session, into, this.prepared().groups);
    this.#encoded ??= encodeRows(this.map, this.batch.rows, this.#room);
    const { columns, lines, others } = this.#encoded;
    if (!lines.isEmpty) {
      const loaded = await loader.loadEncoded(session, targetOf(into, columns), lines);
      if (loaded.kind !== 'complete') return undefined;
    }
    const rest = await this.#loadGroups(session, into, others.groups);
    return rest === undefined ? undefined : lines.count + rest;
  }

  async #loadGroups(
    session: Session,
    into: TableName,
    groups: readonly RowGroup[],
  ): Promise<number | undefined> {
    let count = 0;
    for (const { columns, lines, warnings } of groups) {
      const expected = warnings.reduce((sum, warning) => sum + warning, 0);
      const loaded = await this.loader.load(session, targetOf(into, columns), lines, expected);
      if (loaded.kind !== 'complete') return undefined;
      count += lines.length;
    }
    return count;
  }
}

function targetOf(table: TableName, columns: readonly LoadedColumn[]): LoadTarget {
  return { table, columns: columns.map(({ column, binary }) => ({ name: column.name, binary })) };
}

/** `duplicates: last`: of rows with one key in a batch the last stays, the others count as unchanged. */
export function lastOfEachKey(
  { batch, map, loader }: Task,
  { groups }: PreparedRows,
): { readonly groups: readonly RowGroup[]; readonly earlier: number } {
  if (map.key.length === 0) return { groups, earlier: 0 };
  const keys = batch.rows.map((row) => keyLine(map, row, loader.spelling) ?? '');
  const rows = groups.flatMap((group) => group.rows).sort((one, other) => one - other);
  const last = new Map(rows.map((row) => [keys[row] ?? '', row]));
  if (last.size === rows.length) return { groups, earlier: 0 };
  const kept = groups.map((group) => keepRows(group, (row) => last.get(keys[row] ?? '') === row));
  return { groups: kept, earlier: rows.length - last.size };
}

function keepRows(group: RowGroup, isKept: (row: number) => boolean): RowGroup {
  const kept = [...group.rows.keys()].filter((index) => isKept(group.rows[index] ?? -1));
  return {
    columns: group.columns,
    lines: kept.map((index) => group.lines[index] ?? ''),
    rows: kept.map((index) => group.rows[index] ?? -1),
    warnings: group.warnings.length === 0 ? [] : kept.map((index) => group.warnings[index] ?? 0),
  };
}
