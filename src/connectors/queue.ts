/** The contract between the engine and a queue that lies between a source and a sink (`via`). */
import type { ErrorCode } from '../errors.js';
import type { Batch } from '../values/batch.js';
import type { Finding, Permission } from './connector.js';

export interface QueueDescription {
  /** For people: `queue inbox`. */
  readonly name: string;
  readonly identity: string;
  /** Its account is `*` where nobody knows it before the queue is there. */
  readonly arn: string;
  /** It is not there, or may not be seen, and deploying makes it: what is said is what it will be. */
  readonly unseen?: { readonly code: ErrorCode; readonly message: string };
  /** A message is received again when it was not removed for so long. */
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  /** The largest message that a row may have: some room is left for the reason with which it may be set aside. */
  readonly maxMessageBytes: number;
  /** Where messages go that cannot be written; absent where the queue has none. */
  readonly redrive?: {
    readonly name: string;
    readonly arn: string;
    /** The service puts a message there by itself after so many receives; absent where it never does. */
    readonly maxReceives?: number;
  };
  /** Estimates by the service. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly findings: readonly Finding[];
  readonly sendPermissions: readonly Permission[];
  readonly receivePermissions: readonly Permission[];
}

/** What is sent of each row, besides the row. Together with `id` it tells messages of one row apart from another's. */
export interface Origin {
  readonly pipeline: string;
  readonly step: string;
  readonly run: string;
  /** When the row was read from its source: milliseconds since 1970, UTC. Of two messages of one key the later is the truer. */
  readonly readAtMs: number;
}

/** What became of one row: sent, or why it cannot be. */
export type Sent =
  | 'sent'
  | { readonly code: 'item_too_large' | 'retries_exhausted' | 'write_refused'; readonly message: string };

/** A message that was received and understood. */
export interface Delivery {
  readonly kind: 'row';
  /** The same for every delivery of one message and for a message that was sent twice: run, token and row. */
  readonly id: string;
  readonly origin: Origin;
  /** The key's columns by name, as `Origin`'s source called them after `map`. */
  readonly key: readonly string[];
  /** One row. */
  readonly batch: Batch;
  readonly receives: number;
  readonly receipt: string;
}

/** A message that is none of ours, or of a later version, or torn. */
export interface Misfit {
  readonly kind: 'misfit';
  /** The service's own identity of the message. */
  readonly id: string;
  /** Without values of rows. */
  readonly message: string;
  readonly receives: number;
  readonly receipt: string;
}

/** A message that the service has handed to a function, in the queue's own words. */
export interface Pushed {
  /** The service's own identity of the message. */
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  readonly md5?: string;
  readonly receives: number;
  /** When the service took it: milliseconds since 1970. */
  readonly sentAtMs: number;
  /** What was sent beside the body: a text, or bytes. */
  readonly attributes: Readonly<
    Record<string, { readonly type: string; readonly text?: string; readonly bytes?: Uint8Array }>
  >;
}

/** A message that was set aside, with its reason. */
export interface SetAside {
  readonly delivery: Delivery | Misfit;
  readonly code: string;
  readonly message: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** What is given to `extend`, `remove`, `setAside` and `settle` is what `receive` and `aside` gave: the same objects. */
export interface Queue {
  describe(): Promise<QueueDescription>;
  /**
   * What a message of the row would take, in bytes, for the plan's first rows: after `describe`, since a row too large for
   * a message may be declared to go another way.
   */
  sizeOf(batch: Batch, row: number): number;
  /**
   * One message for each row, as many calls as it takes; what the service took of a batch is not sent again. A row is told as
   * `sent` only when the service has said so. `token` names the batch within the run: the same row of the same
   * batch always has the same `id`.
   */
  send(batch: Batch, key: readonly string[], origin: Origin, token: string): Promise<readonly Sent[]>;
  /** At most `max` messages; waits up to `waitSeconds` (0 to 20) for the first. Empty when none came. */
  receive(request: {
    readonly max: number;
    readonly waitSeconds: number;
  }): Promise<readonly (Delivery | Misfit)[]>;
  /**
   * Reads messages that the service has handed over by itself, each in its place; undefined for one that cannot be read now
   * and is to come again. Whoever was handed them tells the service which are done with, so that `remove` of one takes only
   * what the service does not know of.
   */
  handed(messages: readonly Pushed[]): Promise<readonly (Delivery | Misfit | undefined)[]>;
  /** Keeps the messages out of sight for so many seconds from now. Gives those that were no longer ours. */
  extend(received: readonly (Delivery | Misfit)[], seconds: number): Promise<readonly (Delivery | Misfit)[]>;
  /** Gives those that could not be removed: they will be delivered again. */
  remove(received: readonly (Delivery | Misfit)[]): Promise<readonly (Delivery | Misfit)[]>;
  /**
   * Puts the message on the redrive queue with the reason, and removes it here only after that. Throws `queue_missing`
   * where there is no redrive queue.
   */
  setAside(
    received: Delivery | Misfit,
    reason: { readonly code: string; readonly message: string },
  ): Promise<void>;
  /** What lies on the redrive queue, received for `seconds`; also what the service itself put there (code `received_too_often`). */
  aside(request: { readonly max: number; readonly seconds: number }): Promise<readonly SetAside[]>;
  /** Lets messages of the redrive queue be seen again at once: they were only looked at. */
  release(asides: readonly SetAside[]): Promise<void>;
  /** Takes a message off the redrive queue for good. */
  settle(aside: SetAside): Promise<void>;
  close(): Promise<void>;
}
