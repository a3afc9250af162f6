/**
 * A bounded queue between readers and writers. `send` waits while it is full (back-pressure), `receive` while
 * it is empty; after `close` it gives what is left and then undefined; after `fail` both throw.
 */
export class Channel<T> {
  readonly #capacity: number;
  readonly #queue: T[] = [];
  readonly #waiting: (() => void)[] = [];
  #closed = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async send(value: T): Promise<void> {
    // Looked at again after each wait: several senders may have been woken for one place.
    while (this.#queue.length >= this.#capacity || this.#failure) await this.room();
    this.#queue.push(value);
    this.#wake();
  }

  /** Waits until a value could be sent at once. Throws like `send`. */
  async room(): Promise<void> {
    while (this.#queue.length >= this.#capacity && !this.#failure) await this.#change();
    if (this.#failure) throw this.#failure.error;
  }

  async receive(): Promise<T | undefined> {
    while (this.#queue.length === 0 && !this.#closed && !this.#failure) await this.#change();
    if (this.#failure) throw this.#failure.error;
    const value = this.#queue.shift();
    this.#wake();
    return value;
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

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
