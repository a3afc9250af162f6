import type { Delivery } from '../../connectors/queue.js';

/** A message that was received and is neither removed nor set aside yet. */
export interface Held {
  readonly delivery: Delivery;
  /** Of its row, in a few characters: see `rowKey`. */
  readonly key: string;
}

export interface HeldLimits {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * The messages between the queue and the writers, at most `limits` of them. Two of one key never go to writers at the
 * same time: the second waits until it is known what became of the first.
 */
export class HeldMessages {
  readonly #limits: HeldLimits;
  readonly #all = new Set<Held>();
  #waiting: Held[] = [];
  readonly #busy = new Set<string>();
  readonly #wakers: (() => void)[] = [];
  #bytes = 0;
  #closed = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(limits: HeldLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** How many more may be received; 0 while enough bytes are held. */
  get free(): number {
    return this.#bytes >= this.#limits.bytes ? 0 : Math.max(0, this.#limits.messages - this.#all.size);
  }

  /** All that are held, those that are being written too. */
  all(): readonly Held[] {
    return [...this.#all];
  }

  /** Waits until more may be received. Throws what `fail` was given. */
  async room(): Promise<void> {
    while (this.free === 0 && !this.#failure) await this.#change();
    if (this.#failure) throw this.#failure.error;
  }

  add(messages: readonly Held[]): void {
    for (const held of messages) {
      this.#all.add(held);
      this.#waiting.push(held);
      this.#bytes += held.delivery.batch.bytes;
    }
    this.#wake();
  }

  /** Some that can be written now, in the order in which they came; waits for them. Undefined when no more will come. */
  async take(most: number): Promise<readonly Held[] | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure.error;
      const taken = this.#takeNow(most);
      if (taken.length > 0) return taken;
      if (this.#closed && this.#waiting.length === 0) return undefined;
      await this.#change();
    }
  }

  /** They were removed or set aside, or are no longer ours. */
  done(messages: readonly Held[]): void {
    for (const held of messages) {
      if (!this.#all.delete(held)) continue;
      this.#busy.delete(held.key);
      this.#bytes -= held.delivery.batch.bytes;
    }
    this.#wake();
  }

  /** They are the queue's again: whoever has not begun to write them need not. */
  lose(received: ReadonlySet<unknown>): void {
    const lost = this.#waiting.filter(({ delivery }) => received.has(delivery));
    this.#waiting = this.#waiting.filter(({ delivery }) => !received.has(delivery));
    for (const held of lost) {
      this.#all.delete(held);
      this.#bytes -= held.delivery.batch.bytes;
    }
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** The first failure stays. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  #takeNow(most: number): Held[] {
    const taken: Held[] = [];
    const left: Held[] = [];
    for (const held of this.#waiting) {
      if (taken.length < most && !this.#busy.has(held.key)) {
        this.#busy.add(held.key);
        taken.push(held);
      } else left.push(held);
    }
    if (taken.length > 0) this.#waiting = left;
    return taken;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#wakers.splice(0)) resolve();
  }
}
