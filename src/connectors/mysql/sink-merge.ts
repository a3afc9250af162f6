import { SluiceError } from '../../errors.js';
import { quoteIdentifier, quoteTable, showTable, type TableName } from './identifier.js';
import { isRefusal, type Refusal, refusalOf, warningRefusal } from './load-refusals.js';
import type { ForeignKey } from './relations.js';
import type { TableColumn } from './schema.js';
import type { Session } from './session.js';
import type { LoadedColumn } from './sink-columns.js';
import { FATE_COLUMN, type RefusedRow, ROW_COLUMN, type Stage } from './sink-stage.js';

/** What becomes of a staged row, as the stage notes it. */
export const fates = {
  insert: 0,
  update: 1,
  unchanged: 2,
  folds: 3,
  clashes: 4,
  /** A change that is older than what the table holds. */
  late: 5,
  /** The row that is there goes. */
  remove: 6,
  orphans: 7,
} as const;
/** Each foreign key has a fate of its own, from `orphans` on; the server finds the orphans of any beyond these. */
const MAX_MARKED_KEYS = 100;

export interface Merged {
  readonly written: number;
  /** Rows that were there with another content. */
  readonly updates: number;
  readonly unchanged: number;
  readonly refused: readonly RefusedRow[];
}

export interface MergeRequest {
  readonly session: Session;
  readonly stage: Stage;
  readonly table: TableName;
  /** The primary key's columns; empty when rows are only added. */
  readonly key: readonly TableColumn[];
  /** Whether a row that is there is overwritten; else it refuses the new one. */
  readonly overwrites: boolean;
  /** Keys that the server checks row by row; none where they are verified at the end. */
  readonly foreignKeys: readonly ForeignKey[];
}

/** Rounds over rows that wait for others to give up a value of a UNIQUE index. */
const MAX_ROUNDS = 8;

/**
 * Brings the staged rows into the table, in the session's transaction. Never by REPLACE or ON DUPLICATE KEY:
 * rows that are there are updated by their primary key, others inserted, and whatever UNIQUE index refuses a
 * row refuses it visibly, so that no row can change or swallow another.
 */
export async function mergeStage(request: MergeRequest, numbers: readonly number[]): Promise<Merged> {
  if (request.key.length > 0) await meetRows(request);
  const keys = await markOrphans(request);
  const fateOf = await readFates(request);
  const withFate = (fate: number) =>
    numbers.filter((number) => (fateOf.get(number) ?? fates.insert) === fate);
  const refused = new Map<number, Refusal>();
  for (const number of withFate(fates.folds)) refused.set(number, folds);
  for (const number of withFate(fates.clashes)) refused.set(number, clashes);
  for (const [index, key] of keys.entries()) {
    for (const number of withFate(fates.orphans + index)) refused.set(number, orphan(key));
  }
  const updates: Work = { fate: fates.update, numbers: withFate(fates.update) };
  const inserts: Work = { fate: fates.insert, numbers: withFate(fates.insert) };
  const written = await writeInRounds(request, [updates, inserts], refused);
  return {
    written,
    updates: updates.numbers.length,
    unchanged: withFate(fates.unchanged).length + withFate(fates.late).length,
    refused: [...refused].map(([number, refusal]) => ({ row: request.stage.rowOf(number), ...refusal })),
  };
}

const folds: Refusal = {
  code: 'key_folds',
  message: 'the key equals that of another row only by the collation of its column',
};
const clashes: Refusal = { code: 'unique_clash', message: 'a row with this primary key is there already' };

function orphan({ name }: ForeignKey): Refusal {
  return { code: 'foreign_key', message: `the row refers to a row that is not there: ${name}` };
}

/** Compares the stage with the table by primary key, as the collation sees it, and notes each row's fate. */
async function meetRows({ session, stage, table, key, overwrites }: MergeRequest): Promise<void> {
  const keyIsSame = key.map(sameExactly).join(' AND ');
  const rowIsSame = stage.columns.map(({ column }) => sameExactly(column)).join(' AND ');
  const fate = overwrites
    ? `CASE WHEN NOT (${keyIsSame}) THEN ${fates.folds} WHEN ${rowIsSame} THEN ${fates.unchanged} ELSE ${fates.update} END`
    : `CASE WHEN NOT (${keyIsSame}) THEN ${fates.folds} ELSE ${fates.clashes} END`;
  await session.run(
    `UPDATE ${quoteTable(stage.name)} s JOIN ${quoteTable(table)} t ON ${joinOn(key)} SET ${fateIs(stage, fate)}
     WHERE s.${FATE_COLUMN} = ${fates.insert}`,
  );
}

/** A stage's times inherit ON UPDATE CURRENT_TIMESTAMP from the sink: what is assigned stays (invariant 4). */
export function fateIs({ columns }: Stage, fate: string | number): string {
  const times = columns.filter(({ column }) => /^(timestamp|datetime)$/.test(column.dataType));
  const kept = times.map(({ column: { name } }) => `s.${quoteIdentifier(name)} = s.${quoteIdentifier(name)}`);
  return [`s.${FATE_COLUMN} = ${fate}`, ...kept].join(', ');
}

/**
 * Finds rows without parent by a join for each foreign key, since there can be as many as rows. Rows that
 * refer to their own table are left to the server: their parents may be in the batch. Returns the keys by the
 * number that is added to `fates.orphans`.
 */
async function markOrphans(request: MergeRequest): Promise<readonly ForeignKey[]> {
  const { session, stage, foreignKeys } = request;
  const staged = new Set(stage.columns.map(({ column }) => column.name));
  const keys = foreignKeys
    .filter(
      (key) => key.columns.every((column) => staged.has(column)) && showTable(key.to) !== showTable(key.from),
    )
    .slice(0, MAX_MARKED_KEYS);
  for (const [index, key] of keys.entries()) {
    const join = key.columns
      .map(
        (column, place) => `p.${quoteIdentifier(key.toColumns[place] ?? '')} = s.${quoteIdentifier(column)}`,
      )
      .join(' AND ');
    const refers = key.columns.map((column) => `s.${quoteIdentifier(column)} IS NOT NULL`).join(' AND ');
    await session.run(
      `UPDATE ${quoteTable(stage.name)} s LEFT JOIN ${quoteTable(key.to)} p ON ${join}
       SET ${fateIs(stage, fates.orphans + index)}
       WHERE s.${FATE_COLUMN} IN (${fates.insert}, ${fates.update}) AND ${refers}
         AND p.${quoteIdentifier(key.toColumns[0] ?? '')} IS NULL`,
    );
  }
  return keys;
}

export async function readFates({
  session,
  stage,
}: Pick<MergeRequest, 'session' | 'stage'>): Promise<Map<number, number>> {
  const rows = await session.rows(
    `SELECT ${ROW_COLUMN}, ${FATE_COLUMN} FROM ${quoteTable(stage.name)} WHERE ${FATE_COLUMN} <> ${fates.insert}`,
  );
  return new Map(rows.map(([number, fate]) => [Number(number), Number(fate)]));
}

export function joinOn(key: readonly TableColumn[]): string {
  return key.map(({ name }) => `t.${quoteIdentifier(name)} = s.${quoteIdentifier(name)}`).join(' AND ');
}

const numeric = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
  'float',
  'double',
  'year',
  'bit',
]);
const temporal = new Set(['date', 'datetime', 'timestamp', 'time']);
const geometry = /point|linestring|polygon|geom/;

/** Equal to the last byte, NULL with NULL. Collations and JSON's own equality are not asked. */
export function sameExactly({ name, dataType }: TableColumn): string {
  const one = `t.${quoteIdentifier(name)}`;
  const other = `s.${quoteIdentifier(name)}`;
  if (numeric.has(dataType) || temporal.has(dataType)) return `(${one} <=> ${other})`;
  if (dataType === 'enum' || dataType === 'set') return `(${one} + 0 <=> ${other} + 0)`;
  if (geometry.test(dataType)) return `(HEX(${one}) <=> HEX(${other}))`;
  const text = (column: string) => (dataType === 'json' ? `CAST(${column} AS CHAR)` : column);
  return `(CAST(${text(one)} AS BINARY) <=> CAST(${text(other)} AS BINARY))`;
}

/** Rows of one fate that are still to be written, by their numbers in the stage, ascending. */
export interface Work {
  readonly fate: number;
  readonly numbers: readonly number[];
}

/**
 * A row may wait for a value of a UNIQUE index that another row of the batch gives up, and a row that goes for those
 * that refer to it. Those that were refused for it are tried again, from the other end, as long as that helps.
 */
export async function writeInRounds(
  request: MergeRequest,
  works: readonly Work[],
  refused: Map<number, Refusal>,
): Promise<number> {
  let written = 0;
  let waiting = works.filter(({ numbers }) => numbers.length > 0);
  for (let round = 0; round < MAX_ROUNDS && waiting.length > 0; round++) {
    const before = written;
    const next: Work[] = [];
    for (const { fate, numbers } of waiting) {
      const unique: number[] = [];
      const ordered = round % 2 === 0 ? numbers : numbers.toReversed();
      const among = round === 0 ? within : listed;
      written += await writeHalving({ ...request, among }, fate, ordered, refused, unique);
      if (unique.length > 0) next.push({ fate, numbers: unique.sort((one, other) => one - other) });
    }
    waiting = next;
    if (written === before) break;
    if (round < MAX_ROUNDS - 1)
      for (const { numbers } of next) for (const number of numbers) refused.delete(number);
  }
  return written;
}

interface WriteRequest extends MergeRequest {
  readonly among: Among;
}

/** Writes the rows, halving where the server refuses some; returns how many are in. */
async function writeHalving(
  request: WriteRequest,
  fate: number,
  numbers: readonly number[],
  refused: Map<number, Refusal>,
  unique: number[],
): Promise<number> {
  if (numbers.length === 0) return 0;
  const refusal = await writeOnce(request, fate, numbers);
  if (refusal === undefined) return numbers.length;
  const [only] = numbers;
  if (numbers.length === 1 && only !== undefined) {
    refused.set(only, isKeyFolding(request, refusal) ? folds : refusal);
    if (refusal.code === 'unique_clash' || fate === fates.remove) unique.push(only);
    return 0;
  }
  const half = numbers.length >> 1;
  const first = await writeHalving(request, fate, numbers.slice(0, half), refused, unique);
  return first + (await writeHalving(request, fate, numbers.slice(half), refused, unique));
}

/** Equal keys of one batch were told apart before, so that two rows can only meet in PRIMARY by collation. */
function isKeyFolding(request: MergeRequest, refusal: Refusal): boolean {
  return refusal.code === 'unique_clash' && refusal.constraint === 'PRIMARY' && request.overwrites;
}

/** All of the rows or, with the row's error, none. A warning is an error too (invariant 3). */
async function writeOnce(
  request: WriteRequest,
  fate: number,
  numbers: readonly number[],
): Promise<Refusal | undefined> {
  const { session } = request;
  const range = `s.${FATE_COLUMN} = ${fate} AND s.${ROW_COLUMN} ${request.among(numbers)}`;
  await session.run('SAVEPOINT sluice');
  try {
    const outcome = await session.run(sqlOf(fate)(request, range));
    const found = fate === fates.update ? Number(/\d+/.exec(outcome.info)?.[0] ?? -1) : outcome.affected;
    // A row that goes may take others with it (ON DELETE CASCADE), which do not count.
    if (found !== numbers.length && fate !== fates.remove) throw rowsChanged();
    if (outcome.warnings === 0) return undefined;
  } catch (error) {
    if (isRefusal(error)) return refusalOf(error);
    throw error;
  }
  const refusal = await warningRefusal(session);
  await session.run('ROLLBACK TO SAVEPOINT sluice');
  return refusal;
}

function sqlOf(fate: number): (request: MergeRequest, range: string) => string {
  if (fate === fates.remove) return removeSql;
  return fate === fates.update ? updateSql : insertSql;
}

function rowsChanged(): SluiceError {
  return new SluiceError('deadlock', 'rows of the sink changed while they were written', { retry: 'later' });
}

type Among = (numbers: readonly number[]) => string;

/** For numbers, ascending, that are all of their fate between the first and the last. */
const within: Among = (numbers) => `BETWEEN ${numbers[0]} AND ${numbers.at(-1)}`;
const listed: Among = (numbers) => `IN (${numbers.join(',')})`;

function updateSql({ stage, table, key }: MergeRequest, range: string): string {
  const isKey = new Set(key.map(({ name }) => name));
  const sets = stage.columns
    .filter(({ column }) => !isKey.has(column.name))
    .map(({ column }) => `t.${quoteIdentifier(column.name)} = s.${quoteIdentifier(column.name)}`);
  return `UPDATE ${quoteTable(table)} t JOIN ${quoteTable(stage.name)} s ON ${joinOn(key)} SET ${sets.join(', ')} WHERE ${range}`;
}

function removeSql({ stage, table, key }: MergeRequest, range: string): string {
  return `DELETE t FROM ${quoteTable(stage.name)} s JOIN ${quoteTable(table)} t ON ${joinOn(key)} WHERE ${range}`;
}

function insertSql({ stage, table }: MergeRequest, range: string): string {
  const names = (columns: readonly LoadedColumn[], prefix: string) =>
    columns.map(({ column }) => prefix + quoteIdentifier(column.name)).join(', ');
  return `INSERT INTO ${quoteTable(table)} (${names(stage.columns, '')})
    SELECT ${names(stage.columns, 's.')} FROM ${quoteTable(stage.name)} s WHERE ${range} ORDER BY s.${ROW_COLUMN}`;
}
