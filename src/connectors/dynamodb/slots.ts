/** At most `limit` pieces of work at once, over everybody who shares these slots; the rest wait in order. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  async take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the slot to the next who waits. */
  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }

  /**
   * Does `work` for each item, as many at once as there are slots. After a failure nothing new is begun; it is
   * thrown when everything begun has ended.
   */
  async forEach<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
    const failures: unknown[] = [];
    const begun: Promise<void>[] = [];
    for (const item of items) {
      await this.take();
      if (failures.length > 0) {
        this.give();
        break;
      }
      const done = work(item).catch((error: unknown) => {
        failures.push(error);
      });
      begun.push(done.finally(() => this.give()));
    }
    await Promise.all(begun);
    if (failures.length > 0) throw failures[0];
  }
}
