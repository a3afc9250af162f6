import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge } from './gauge.js';

/** Limits a second; absent means none. */
export interface Rates {
  readonly items?: number;
  readonly bytes?: number;
  readonly units?: number;
}

const names = ['items', 'bytes', 'units'] as const;

/** What may go now. It counts against the pace until a second after it has landed: has been answered, well or badly. */
export interface Grant {
  /** How many rows. */
  readonly count: number;
  /** To be called once, also after a failure. `cost`: what it was, where that is not what it was taken for. */
  landed(cost?: Rates): void;
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
  /** Called at the next landing, while somebody waits for one. */
  #onLanding: (() => void) | undefined;
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
  take(count: number, cost: (index: number) => Rates, signal: AbortSignal): Promise<Grant> {
    if (!this.limits) return Promise.resolve(free(count));
    return this.#inTurn(async () => {
      await this.#waitFor(cost(0), signal);
      const granted = this.#fitting(count, cost);
      return this.#grant(granted, sumOf(granted, cost));
    });
  }

  /** Waits for room for `count` rows that cannot be split, and what they cost together. */
  takeAll(count: number, cost: Rates, signal: AbortSignal): Promise<Grant> {
    if (!this.limits) return Promise.resolve(free(count));
    return this.#inTurn(async () => {
      await this.#waitFor(cost, signal);
      return this.#grant(count, cost);
    });
  }

  #grant(count: number, taken: Rates): Grant {
    const now = this.#clock.nowMs();
    const gauges = [...this.#gauges].map(([name, gauge]) => ({ name, gauge, spent: taken[name] ?? 0 }));
    for (const { gauge, spent } of gauges) gauge.spend(spent, now);
    const landed = (cost: Rates = {}) => {
      const then = this.#clock.nowMs();
      for (const { name, gauge, spent } of gauges) gauge.land(spent, cost[name] ?? spent, then);
      this.#onLanding?.();
    };
    return { count, landed };
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
      if (ready === Number.POSITIVE_INFINITY) await this.#landing(signal);
      else await this.#clock.sleepMs(Math.ceil(ready - now), signal);
    }
  }

  /** The next landing. Only whose turn it is waits for one. */
  #landing(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      this.#onLanding = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
    });
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

function free(count: number): Grant {
  return { count, landed: () => undefined };
}

function sumOf(count: number, cost: (index: number) => Rates): Required<Rates> {
  const sum = { items: 0, bytes: 0, units: 0 };
  for (let index = 0; index < count; index++) {
    const one = cost(index);
    for (const name of names) sum[name] += one[name] ?? 0;
  }
  return sum;
}
