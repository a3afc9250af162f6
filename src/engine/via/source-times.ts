/**
 * When the rows that were written had been read from their source: for each key the latest time. So that a message that
 * comes twice, late or in another order never puts an older row over a newer one (invariant 5).
 */
export interface SourceTimes {
  /** A row of this key was written that is as new, or newer. */
  isOld(key: string, readAtMs: number): boolean;
  /** Of rows that the sink holds now. Durable when it returns; the messages may be removed only then. */
  add(written: readonly { readonly key: string; readonly readAtMs: number }[]): Promise<void>;
}

/** For sinks that see to it themselves. */
export const noSourceTimes: SourceTimes = {
  isOld: () => false,
  add: async () => undefined,
};
