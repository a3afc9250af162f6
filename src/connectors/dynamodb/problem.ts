import type { ErrorCode } from '../../errors.js';

/** Why a row cannot be written as it is: a reject before it has its place in the batch. Holds no value. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly column?: string;
}
