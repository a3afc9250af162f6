import type { Expression } from '../../../expression/expression.js';

/** A step of the declaration that an import writes, with what it says beside it. */
export interface ImportedStep {
  /** The state that it came from; undefined for a step that only holds others together. */
  readonly state?: string;
  readonly notes: readonly string[];
  readonly when?: Expression;
  /** The fields that stand in the file as they are: `call`, `function`, `wait` and so on. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly branches?: readonly (readonly ImportedStep[])[];
  /** `then: continue` where it goes on. */
  readonly onFailure?: { readonly steps: readonly ImportedStep[]; readonly goesOn: boolean };
}

/** Something of the machine that the declaration does not say. */
export interface Loss {
  /** The state; undefined: the machine as a whole. */
  readonly state?: string;
  /** What of it. */
  readonly what: string;
  readonly why: string;
}

export interface Import {
  readonly steps: readonly ImportedStep[];
  readonly losses: readonly Loss[];
}
