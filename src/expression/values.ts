import type { ErrorCode } from '../errors.js';
import type { Firing } from '../values/firing.js';
import type { StepOutcome } from './expression.js';

/** What a step that has ended has come to, as expressions name it. Plain JSON. */
export interface StepValues {
  readonly outcome: StepOutcome;
  readonly seconds: number;
  /** The counts are a copy's only. */
  readonly read?: number;
  readonly written?: number;
  readonly unchanged?: number;
  readonly rejected?: number;
  readonly deleted?: number;
  readonly bytes?: number;
  /** Of a call that gave one. */
  readonly output?: unknown;
  /** Of a step that failed. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** What an expression is evaluated with. */
export interface Values {
  readonly steps: ReadonlyMap<string, StepValues>;
  /** `firing.hour` and its like are told in its zone. */
  readonly firing: Firing;
}
