/** What the shell sees. Documented in docs/reference/exit-statuses.md; never renumber. */
export const exitStatus = {
  complete: 0,
  bug: 1,
  /** Refused before anything was written. */
  refused: 2,
  /** Complete, with rejects within the limit. */
  rejects: 3,
  /** Complete, with failures that `onFailure` took care of. */
  failures: 3,
  /** Stopped; `sluice run` goes on. */
  stopped: 4,
  /** `verify`: the two sides do not agree. `test`: a test failed. `repair`: they still do not. */
  different: 5,
  interrupted: 130,
  terminated: 143,
} as const;
