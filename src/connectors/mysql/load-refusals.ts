import type { ErrorCode } from '../../errors.js';
import { SluiceError } from '../../errors.js';
import { mysqlFailure, nativeFailure } from './failures.js';
import type { Session } from './session.js';

/** Why the server did not take a row, without its values (invariant 8). */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly column?: string;
  /** The index or constraint that refused it. */
  readonly constraint?: string;
}

/** Codes of our errors that say something of a row; what else fails, fails for every row. */
const reasons: ReadonlyMap<ErrorCode, string> = new Map([
  ['unique_clash', 'another row holds the same value in a UNIQUE index'],
  ['foreign_key', 'the row refers to a row that is not there'],
  ['check_violated', 'a CHECK constraint refuses the row'],
  ['value_null', 'a column does not take NULL'],
  ['value_range', 'a value lies outside what its column holds'],
  ['value_too_long', 'a value is longer than its column'],
  ['value_inexact', 'the server would cut or round a value'],
  ['value_type', 'the server does not take a value for its column'],
]);

/** SIGNAL of a trigger, and what else a row alone can cause. Numbers: see failures.ts. */
const rowErrors: ReadonlySet<number> = new Set([
  1644, // SIGNAL
  1442, // a trigger writes to the table that fired it
  1365, // division by zero in a trigger
  1438, // row does not match a CHECK OPTION
  1526, // no partition for the value
  1591, // no partition for the value
  3141, // JSON in a function
  3143, // JSON path
  3144, // JSON charset
  3150, // JSON too big as a key
  3156, // JSON value out of range
  3618, // geometry out of range
  3643, // SRID differs from the column's
]);

/** Whether a statement failed because of one of its rows. */
export function isRefusal(error: unknown): error is SluiceError {
  if (!(error instanceof SluiceError) || error.retry !== 'never') return false;
  const errno = nativeFailure(error)?.errno ?? 0;
  return errno !== 0 && (reasons.has(error.code) || rowErrors.has(errno) || isCustom(errno));
}

/** A trigger may raise any number from 5000 on, or its own from MariaDB's range. */
function isCustom(errno: number): boolean {
  return errno >= 5000;
}

/** What to say of the one row for which a statement failed. */
export function refusalOf(error: SluiceError): Refusal {
  const native = nativeFailure(error);
  const said =
    error.code === 'item_too_large' ? 'the row is larger than max_allowed_packet' : reasons.get(error.code);
  if (said === undefined) {
    return { code: 'write_refused', message: `the server refused the row (error ${native?.errno ?? 0})` };
  }
  const { column, constraint } = native ?? {};
  const place = constraint ?? column;
  return {
    code: error.code,
    message: place === undefined ? said : `${said}: ${place}`,
    ...(column === undefined ? {} : { column }),
    ...(constraint === undefined ? {} : { constraint }),
  };
}

/** What the first warning of the last statement, which was about one row, says of it. */
export async function warningRefusal(session: Session): Promise<Refusal> {
  const [warning] = await session.rows('SHOW WARNINGS');
  const [, errno, message] = warning ?? [];
  const native = { errno: Number(errno ?? 0), code: 'WARNING', sqlMessage: String(message ?? '') };
  return refusalOf(mysqlFailure(Object.assign(new Error('warning'), native), 'loading'));
}
