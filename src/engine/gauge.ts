/**
 * One rate of a pace. Three rules hold at once:
 * - the schedule: what goes is spread evenly at SHARE of the rate, and a delay of up to MAKE_UP_MS is made up for;
 * - the burst: making up goes at most BURST times as fast as the rate, but for BURST_MS worth at once;
 * - the window: what is on its way, and what landed in the last WINDOW_MS, is together never more than a second may hold
 *   (invariant 10).
 * The first makes a run end within 5 % of its time and its graph flat, the last is the promise. It holds on the server's side
 * too, however long calls take on their way: a thing was there before its answer came, and the next that has no room
 * beside it is sent a second after that. Where a call takes longer than 1 / SHARE - 1 of a second the pace is not quite reached.
 */
const SHARE = 0.975;
const MAKE_UP_MS = 10_000;
const BURST = 1.1;
const BURST_MS = 60;
/** A little more than a second: clocks are read in steps. */
const WINDOW_MS = 1002;

/** What goes at once where nothing is to be made up for: this much of a second's worth. */
export const QUANTUM_SECONDS = 0.01;

/** What landed within so many milliseconds is remembered as one. */
const GRAIN_MS = 2;

interface Landed {
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
  #onTheWay = 0;
  readonly #window: Landed[] = [];
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

  /** When a thing of this cost may go, if nothing else goes before; Infinity while that depends on what is on its way. */
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
    return Math.min(scheduled, burst, this.#capacity - this.#inWindow - this.#onTheWay);
  }

  /** Takes a cost for a thing that goes now. It is on its way until it has landed. */
  spend(cost: number, nowMs: number): void {
    this.#schedule(cost, nowMs);
    this.#onTheWay += cost;
  }

  /** What was spent for a thing, and what it has cost. */
  land(spent: number, cost: number, nowMs: number): void {
    if (cost !== spent) this.#schedule(cost - spent, nowMs);
    this.#onTheWay = Math.max(0, this.#onTheWay - spent);
    this.#forget(nowMs);
    if (cost > 0) this.#remember(cost, nowMs);
  }

  #schedule(cost: number, nowMs: number): void {
    const due = Math.max(this.#due ?? nowMs, nowMs - MAKE_UP_MS);
    this.#due = due + cost / this.#ratePerMs(SHARE);
    this.#burstDue = Math.max(this.#burstDue, nowMs) + cost / this.#ratePerMs(BURST);
  }

  get #capacity(): number {
    return this.#isWhole ? Math.ceil(this.#perSecond) : this.#perSecond;
  }

  #ratePerMs(share: number): number {
    return (share * this.#factor * this.#perSecond) / 1000;
  }

  #windowReady(cost: number, nowMs: number): number {
    this.#forget(nowMs);
    let left = this.#inWindow + this.#onTheWay;
    let readyMs = nowMs;
    const hasRoom = () => left <= 0 || left + cost <= this.#capacity;
    for (const landed of this.#window) {
      if (hasRoom()) return readyMs;
      left -= landed.cost;
      readyMs = landed.atMs + WINDOW_MS;
    }
    return hasRoom() ? readyMs : Number.POSITIVE_INFINITY;
  }

  #forget(nowMs: number): void {
    let old = 0;
    for (const landed of this.#window) {
      if (landed.atMs + WINDOW_MS > nowMs) break;
      this.#inWindow -= landed.cost;
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
}
