import type { ErrorCode } from '../../errors.js';
import type { Attribute, Cell } from '../../values/cell.js';

/** Why a cell does not fit its column. Made once and shared; holds no value of a row (invariant 8). */
export interface Misfit {
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * A cell as a field of our LOAD DATA dialect (see load-dialect.ts): bare where it can hold neither comma,
 * quote, backslash nor line feed, else quoted; hex digits for binary columns; or why there is none.
 */
export type Fitted = string | Misfit;

export type Fit = (cell: Cell) => Fitted;
export type TextFit = (text: string) => Fitted;

/** What a column takes, by what comes to it. What it has no function for, it refuses (invariant 4). */
export interface Takers {
  /** An exact number as text. */
  readonly number?: TextFit;
  /** Text of any origin, a DynamoDB S among them. */
  readonly text?: TextFit;
  readonly bytes?: (bytes: Uint8Array) => Fitted;
  readonly bool?: (value: boolean) => Fitted;
  readonly date?: TextFit;
  readonly datetime?: TextFit;
  readonly time?: TextFit;
  /** MySQL's form in UTC, without Z. */
  readonly timestamp?: TextFit;
  readonly json?: TextFit;
  /** A DynamoDB list or map. */
  readonly document?: (attribute: Attribute) => Fitted;
  /** A DynamoDB string set. */
  readonly stringSet?: (members: readonly string[]) => Fitted;
}

/** How LOAD DATA spells NULL. */
export const NULL_FIELD = '\\N';

export function misfit(code: ErrorCode, message: string): Misfit {
  return Object.freeze({ code, message });
}

/** The item lacks the attribute and the column does not take NULL: the column is left out of the statement. */
export const absent = misfit('value_null', 'the attribute is absent and the column has no default');

/**
 * `''` for an ENUM that has no such member: MySQL's error value, which it stores with a warning. Rows with
 * one are loaded by themselves and exactly these warnings are expected.
 */
export const enumError = misfit('value_range', "'' is not a member of the ENUM");
