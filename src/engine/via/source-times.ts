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

/** The same, where several receivers write at once, each what it was handed: nobody writes a key that another has. */
export interface SharedSourceTimes extends SourceTimes {
  /** Takes keys, so that `isOld` knows them and no other receiver has them until they are released. Gives those that it got. */
  take(keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** Gives back what was taken of these keys; without any all. */
  release(keys?: readonly string[]): Promise<void>;
}

/** For sinks that see to it themselves. */
export const noSourceTimes: SharedSourceTimes = {
  isOld: () => false,
  add: async () => undefined,
  take: async (keys) => new Set(keys),
  release: async () => undefined,
};

/** Of whoever has all keys: the only receiver that there is, or one that has taken those that it will write. */
export function ownTimes(own: SourceTimes): SharedSourceTimes {
  return {
    ...noSourceTimes,
    isOld: (key, readAtMs) => own.isOld(key, readAtMs),
    add: (written) => own.add(written),
  };
}
