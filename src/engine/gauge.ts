/**
 * One rate of a pace. Three rules hold at once:
 * - the schedule: what goes is spread evenly at SHARE of the rate, and a delay of up to MAKE_UP_MS is made up for;
 * - the burst: making up goes at most BURST times as fast as the rate, but for BURST_MS worth at once;
 * - the window: what went in the last WINDOW_MS is never more than a second may hold (invariant 10).
 * The first makes a run end within 5 % of its time and its graph flat, the last is the promise. WINDOW_MS is more than
 * a second because what goes at even distances bunches on its way to the server.
 */
const SHARE = 0.975;
const MAKE_UP_MS = 10_000;
const BURST = 1.1;
const BURST_MS = 60;
const WINDOW_MS = 1015;

/** What goes at once where nothing is to be made up for: this much of a second's worth. */
export const QUANTUM_SECONDS = 0.01;

/** What went within so many milliseconds is remembered as one. */
const GRAIN_MS = 2;

interface Spent {
  atMs: number;
  cost: number;
}

/** Keeps one rate. Times are of one clock, in milliseconds. */
export class Gauge {
  readonly #isWhole: boolean;
  #perSecond: number;
  /** How much of the rate is used: see `slow`. */
  #factor = 1;
  #due: number | undefined;
  #burstDue = Number.NEGATIVE_INFINITY;
  readonly #window: Spent[] = [];
  #inWindow = 0;

  /** `isWhole`: what is counted comes one by one, so that a second at 1.5 may hold two of them. */
  constructor(perSecond: number, isWhole: boolean) {
    this.#perSecond = perSecond;
    this.#isWhole = isWhole;
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  /** From now on only this share of the rate is used, and nothing is made up for; 1: all of it. */
  slow(factor: number, nowMs: number): void {
    if (factor < this.#factor) this.#due = Math.max(this.#due ?? nowMs, nowMs);
    this.#factor = factor;
  }

  /** When a thing of this cost may go, if nothing else goes before. */
  readyAt(cost: number, nowMs: number): number {
    return Math.max(this.#due ?? nowMs, this.#burstDue - BURST_MS, this.#windowReady(cost, nowMs));
  }

  /** How much may go now. One thing may always go when it is ready, whatever it costs. */
  room(nowMs: number): number {
    const behindMs = nowMs - (this.#due ?? nowMs);
    const scheduled = Math.max(QUANTUM_SECONDS * 1000, behindMs) * this.#ratePerMs(SHARE);
    const burstMs = Math.min(BURST_MS, Math.max(0, nowMs - this.#burstDue + BURST_MS));
    const burst = burstMs * this.#ratePerMs(BURST);
    this.#forget(nowMs);
    return Math.min(scheduled, burst, this.#capacity - this.#inWindow);
  }

  /** Takes a cost; a negative one gives back what was taken before. */
  spend(cost: number, nowMs: number): void {
    if (cost === 0) return;
    const due = Math.max(this.#due ?? nowMs, nowMs - MAKE_UP_MS);
    this.#due = due + cost / this.#ratePerMs(SHARE);
    this.#burstDue = Math.max(this.#burstDue, nowMs) + cost / this.#ratePerMs(BURST);
    this.#forget(nowMs);
    if (cost > 0) this.#remember(cost, nowMs);
    else this.#giveBack(-cost);
  }

  get #capacity(): number {
    return this.#isWhole ? Math.ceil(this.#perSecond) : this.#perSecond;
  }

  #ratePerMs(share: number): number {
    return (share * this.#factor * this.#perSecond) / 1000;
  }

  #windowReady(cost: number, nowMs: number): number {
    this.#forget(nowMs);
    let left = this.#inWindow;
    let readyMs = nowMs;
    for (const spent of this.#window) {
      if (left <= 0 || left + cost <= this.#capacity) break;
      left -= spent.cost;
      readyMs = spent.atMs + WINDOW_MS;
    }
    return readyMs;
  }

  #forget(nowMs: number): void {
    let old = 0;
    for (const spent of this.#window) {
      if (spent.atMs + WINDOW_MS > nowMs) break;
      this.#inWindow -= spent.cost;
      old++;
    }
    if (old > 0) this.#window.splice(0, old);
    if (this.#window.length === 0) this.#inWindow = 0;
  }

  #remember(cost: number, nowMs: number): void {
    const last = this.#window.at(-1);
    if (last && nowMs - last.atMs < GRAIN_MS) last.cost += cost;
    else this.#window.push({ atMs: nowMs, cost });
    this.#inWindow += cost;
  }

  #giveBack(cost: number): void {
    let left = cost;
    for (const spent of this.#window.toReversed()) {
      const given = Math.min(left, spent.cost);
      spent.cost -= given;
      this.#inWindow -= given;
      left -= given;
      if (left <= 0) return;
    }
  }
}
