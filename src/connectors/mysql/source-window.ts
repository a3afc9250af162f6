import { SluiceError } from '../../errors.js';
import type { Top, Window } from '../window.js';
import { quoteIdentifier } from './identifier.js';
import type { Table, TableColumn } from './schema.js';
import type { Session } from './session.js';
import type { SourceShape } from './source-shape.js';
import { fromClause, withCondition } from './source-sql.js';

const numbers: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);
const times: ReadonlySet<string> = new Set(['date', 'datetime', 'timestamp']);

const FROM = '@sluice_since_from';
const TO = '@sluice_since_to';

/** What is bound for a window's bounds. */
export function windowVariables({ from, to }: Window): readonly (readonly [name: string, value: string])[] {
  return [
    ...(from === undefined ? [] : [[FROM, from] as const]),
    ...(to === undefined ? [] : [[TO, to] as const]),
  ];
}

/** The column of a declared `since`; throws where it cannot order what was written. */
export function sinceColumn(table: Table, name: string): TableColumn {
  const found = table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) {
    throw new SluiceError('column_missing', `${table.table} has no column ${name}`, {
      path: 'from.since.column',
      hint: `its columns are ${table.columns.map((column) => column.name).join(', ')}`,
    });
  }
  if (numbers.has(found.dataType) || times.has(found.dataType)) return found;
  throw new SluiceError('unsupported', `${name} is ${found.columnType}: nothing says what came after what`, {
    path: 'from.since.column',
    hint: 'a column of type TIMESTAMP, DATETIME or DATE that each change sets, or an integer that only rises',
  });
}

/** The condition of a window: times from `from` on and below `to`; numbers above `from` and up to `to`. */
export function windowCondition(column: TableColumn, { kind, from, to }: Window): string {
  if (to === undefined) return '1 = 0';
  const name = quoteIdentifier(column.name);
  const isTime = times.has(column.dataType);
  if (isTime !== (kind === 'time')) {
    throw new SluiceError('state_unusable', `the cursor of ${column.name} is not of its type any more`, {
      hint: 'the column was altered since: run with --full to begin from all rows',
    });
  }
  const type = isTime ? 'DATETIME(6)' : column.unsigned ? 'UNSIGNED' : 'SIGNED';
  const bound = (variable: string) => `CAST(${variable} AS ${type})`;
  const upper = `${name} ${isTime ? '<' : '<='} ${bound(TO)}`;
  return from === undefined ? upper : `${name} ${isTime ? '>=' : '>'} ${bound(FROM)} AND ${upper}`;
}

/** How far the source has come, and whether rows have no value in the column. */
export async function readTop(session: Session, shape: SourceShape, column: TableColumn): Promise<Top> {
  const name = quoteIdentifier(column.name);
  const { origin } = shape;
  const clause = fromClause(origin);
  const nulls =
    column.nullable &&
    (await session.rows(`SELECT 1 ${withCondition(origin, clause, `${name} IS NULL`)} LIMIT 1`)).length > 0;
  if (times.has(column.dataType)) {
    const [row] = await session.rows('SELECT UTC_TIMESTAMP(6)');
    const fraction = column.dataType === 'date' ? 'day' : (column.fraction ?? 0);
    const isInstant = column.dataType === 'timestamp';
    return { kind: 'time', now: String(row?.[0]), fraction, isInstant, nulls };
  }
  const [row] = await session.rows(`SELECT MAX(${name}) ${clause}`);
  const max = row?.[0];
  return { kind: 'number', nulls, ...(max === null || max === undefined ? {} : { max: max.toString() }) };
}
