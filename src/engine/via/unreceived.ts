/** Rows on their way between the two halves of one run: more are not sent before some have been received. */
const MAX_UNRECEIVED = 10_000;

/** What this run has sent and not received yet, where both halves are in one run. Rows are known by their keys. */
export class Unreceived {
  readonly #keys = new Set<string>();
  readonly #wakers: (() => void)[] = [];
  #isComplete = false;
  #isGivenUp = false;

  /** Nothing more will be sent. */
  complete(): void {
    this.#isComplete = true;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Before they are sent: they may be received before the service has said that it took them. */
  async add(keys: readonly string[]): Promise<void> {
    while (this.#keys.size > MAX_UNRECEIVED && !this.#isGivenUp) {
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
    for (const key of keys) this.#keys.add(key);
  }

  /** They were received and are done with, or were not sent after all. */
  settle(keys: readonly string[]): void {
    for (const key of keys) this.#keys.delete(key);
    if (this.#keys.size <= MAX_UNRECEIVED) this.#wake();
  }

  /** Nobody receives any more: nobody waits for it either. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#wakers.splice(0)) resolve();
  }
}
