import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge } from './gauge.js';

/** Limits a second; absent means none. */
export interface Rates {
  readonly items?: number;
  readonly bytes?: number;
  readonly units?: number;
}

const names = ['items', 'bytes', 'units'] as const;

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

/** `adapt`: additive increase, multiplicative decrease, as TCP has it. */
const SLOWED_TO = 0.5;
const LEAST_FACTOR = 0.02;
const REGAINED_PER_SECOND = 0.05;
/** Throttles that come within this time are answers to the same speed, and count once. */
const SAME_THROTTLE_MS = 1000;

/**
 * Keeps several rates at once for all workers of a step: one at a time and in the order of asking. See Gauge for what
 * each rate promises. With `adapt` a rate is halved when the service throttles, and regained little by little.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #adapts: boolean;
  #gauges = new Map<keyof Rates, Gauge>();
  #turn: Promise<unknown> = Promise.resolve();
  /** The factor after the last throttle, and when that was. */
  #slowed: { readonly factor: number; readonly atMs: number } | undefined;

  constructor(rates: Rates, { clock = systemClock, adapt = false }: { clock?: Clock; adapt?: boolean } = {}) {
    this.#clock = clock;
    this.#adapts = adapt;
    this.use(rates);
  }

  /** Sets the rates. A rate that stays goes on with what it has spent. */
  use(rates: Rates): void {
    const before = this.#gauges;
    this.#gauges = new Map(
      names.flatMap((name) => {
        const rate = rates[name];
        if (rate === undefined) return [];
        const known = before.get(name);
        return [[name, known?.perSecond === rate ? known : new Gauge(rate, name === 'items')] as const];
      }),
    );
  }

  get limits(): boolean {
    return this.#gauges.size > 0;
  }

  get rates(): Rates {
    return Object.fromEntries([...this.#gauges].map(([name, gauge]) => [name, gauge.perSecond]));
  }

  /** How much of the rates is used at present: 1 unless the service has throttled (`adapt`). */
  get factor(): number {
    if (!this.#slowed) return 1;
    const seconds = (this.#clock.nowMs() - this.#slowed.atMs) / 1000;
    return Math.min(1, this.#slowed.factor + REGAINED_PER_SECOND * seconds);
  }

  /** Is told of each call that the service asked to go slower. */
  throttled(): void {
    if (!this.#adapts) return;
    const atMs = this.#clock.nowMs();
    if (this.#slowed && atMs - this.#slowed.atMs < SAME_THROTTLE_MS) return;
    this.#slowed = { factor: Math.max(LEAST_FACTOR, this.factor * SLOWED_TO), atMs };
  }

  /**
   * Waits until at least one of the next rows may go and says how many of them may, at most `count`.
   * `cost(i)` is what the i-th would take.
   */
  take(count: number, cost: (index: number) => Rates, signal: AbortSignal): Promise<number> {
    if (!this.limits) return Promise.resolve(count);
    return this.#inTurn(async () => {
      await this.#waitFor(cost(0), signal);
      const granted = this.#fitting(count, cost);
      for (let index = 0; index < granted; index++) this.settle(cost(index));
      return granted;
    });
  }

  /** Waits for room and takes a cost that cannot be split. */
  async spend(cost: Rates, signal: AbortSignal): Promise<void> {
    if (!this.limits) return;
    // Nothing to wait for: who gives back does not stand in the queue of those who take.
    if (names.every((name) => !this.#gauges.has(name) || (cost[name] ?? 0) <= 0)) {
      this.settle(cost);
      return;
    }
    await this.#inTurn(async () => {
      await this.#waitFor(cost, signal);
      this.settle(cost);
    });
  }

  /** Takes what has been spent already, without waiting: what comes next waits for it. Negative: gives back. */
  settle(cost: Rates): void {
    const now = this.#clock.nowMs();
    for (const [name, gauge] of this.#gauges) gauge.spend(cost[name] ?? 0, now);
  }

  /** One at a time and in the order of asking, so that no worker starves. */
  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(call, call);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #waitFor(cost: Rates, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    for (;;) {
      const now = this.#clock.nowMs();
      if (this.#slowed) for (const gauge of this.#gauges.values()) gauge.slow(this.factor, now);
      const ready = Math.max(
        ...[...this.#gauges].map(([name, gauge]) => gauge.readyAt(cost[name] ?? 0, now)),
      );
      if (ready <= now) return;
      await this.#clock.sleepMs(Math.ceil(ready - now), signal);
    }
  }

  #fitting(count: number, cost: (index: number) => Rates): number {
    const now = this.#clock.nowMs();
    const room = new Map([...this.#gauges].map(([name, gauge]) => [name, gauge.room(now)]));
    for (let index = 0; index < count; index++) {
      const wanted = cost(index);
      for (const [name, left] of room) {
        const rest = left - (wanted[name] ?? 0);
        if (rest < 0) return Math.max(1, index);
        room.set(name, rest);
      }
    }
    return count;
  }
}
