import type { ErrorCode } from '../errors.js';

/** Why a value cannot go on. The message holds no value (invariant 8). */
export class Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly column: string | undefined;

  constructor(code: ErrorCode, message: string, column?: string) {
    this.code = code;
    this.message = message;
    this.column = column;
  }
}
