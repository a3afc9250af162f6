import { setTimeout as sleep } from 'node:timers/promises';

/** Limits a second; absent means none. */
export interface Rates {
  readonly items?: number;
  readonly bytes?: number;
  readonly units?: number;
}

/** Where time comes from; tests give their own. */
export interface Clock {
  nowMs(): number;
  sleepMs(delayMs: number, signal: AbortSignal): Promise<void>;
}

const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleepMs: async (delayMs, signal) => {
    await sleep(delayMs, undefined, { signal });
  },
};

/**
 * Part of the rate that is handed out. The rest makes up for grants that bunch on their way to the sink, so
 * that no one-second window holds more than the rate (invariant 10), and still ends within 5 % of its time.
 */
const SHARE = 0.97;

/** Grants are at most this much of a second's worth: small enough to be even, large enough to be few. */
export const QUANTUM_SECONDS = 0.01;

/** A timer that fired late is made up for by at most this much. */
const CATCH_UP_MS = 15;

/**
 * Keeps several rates at once for all workers of a step. Each rate has a time before which nothing more may
 * go; a grant moves it on by its cost. No burst is saved up: time not used is gone, but for CATCH_UP_MS.
 * In any window of a second at most SHARE × (1 + QUANTUM_SECONDS + CATCH_UP_MS / 1000) < 1 of the rate goes.
 */
export class Pacer {
  readonly #rates: readonly (readonly [keyof Rates, number])[];
  readonly #next = new Map<keyof Rates, number>();
  readonly #clock: Clock;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(rates: Rates, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#rates = (['items', 'bytes', 'units'] as const).flatMap((name) => {
      const rate = rates[name];
      return rate === undefined ? [] : [[name, rate] as const];
    });
  }

  get limits(): boolean {
    return this.#rates.length > 0;
  }

  /**
   * Waits until at least one of the next rows may go and says how many of them may, at most `count`.
   * `cost(i)` is what the i-th would take.
   */
  take(count: number, cost: (index: number) => Rates, signal: AbortSignal): Promise<number> {
    if (!this.limits) return Promise.resolve(count);
    return this.#inTurn(async () => {
      await this.#waitForAll(signal);
      const granted = this.#fitting(count, cost);
      for (let index = 0; index < granted; index++) this.#spend(cost(index));
      return granted;
    });
  }

  /** Waits for room and takes a cost that is known only afterwards or cannot be split; it may be negative. */
  async spend(cost: Rates, signal: AbortSignal): Promise<void> {
    if (!this.limits) return;
    await this.#inTurn(async () => {
      await this.#waitForAll(signal);
      this.#spend(cost);
    });
  }

  /** One at a time and in the order of asking, so that no worker starves. */
  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(call, call);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #waitForAll(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    for (;;) {
      const until = Math.max(...this.#rates.map(([name]) => this.#next.get(name) ?? 0));
      const delayMs = until - this.#clock.nowMs();
      if (delayMs <= 0) return;
      await this.#clock.sleepMs(Math.ceil(delayMs), signal);
    }
  }

  #fitting(count: number, cost: (index: number) => Rates): number {
    const room = new Map(this.#rates.map(([name, rate]) => [name, SHARE * rate * QUANTUM_SECONDS]));
    for (let index = 0; index < count; index++) {
      const wanted = cost(index);
      for (const [name] of this.#rates) {
        const left = (room.get(name) ?? 0) - (wanted[name] ?? 0);
        if (left < 0) return Math.max(1, index);
        room.set(name, left);
      }
    }
    return count;
  }

  #spend(cost: Rates): void {
    const now = this.#clock.nowMs();
    for (const [name, rate] of this.#rates) {
      const start = Math.max(now - CATCH_UP_MS, this.#next.get(name) ?? now);
      this.#next.set(name, start + (1000 * (cost[name] ?? 0)) / (SHARE * rate));
    }
  }
}
