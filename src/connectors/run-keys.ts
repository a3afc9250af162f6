/**
 * The keys that came in a run, as digests, for whoever finishes it (`mirror`). They lie in the run's state: every process that
 * goes on with the run finds them, on whatever machine.
 */
export interface RunKeys {
  /** Forgets what earlier attempts, and other runs, have kept for this copy. */
  begin(): Promise<void>;
  /** Takes up what earlier attempts of this run have kept. Throws `state_unusable` where that is gone. */
  resume(): Promise<void>;
  /** Digests, one behind the other. Durable when it returns. */
  add(digests: Buffer): Promise<void>;
  /** Whole digests, one behind the other: all that were added in this run, by whichever process, some perhaps twice. */
  all(): AsyncIterable<Buffer>;
  close(): Promise<void>;
}
