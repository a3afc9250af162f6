/** How fast a copy went, second by second or in equal longer steps. */
export interface Series {
  /** That each point stands for. */
  readonly seconds: number;
  /** Each a second, on average over the point. */
  readonly items: readonly number[];
  readonly readUnits: readonly number[];
  readonly writeUnits: readonly number[];
}

/** What a copy has come to since it began. */
export interface Totals {
  readonly items: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

/** More points than this are never kept: then two become one. Even. */
const MAX_POINTS = 120;
const SAMPLE_MS = 1000;

const names = ['items', 'readUnits', 'writeUnits'] as const;

/** Collects totals, one each second, to a series of bounded length. */
export class SeriesRecorder {
  #points: Totals[] = [];
  #seconds = 1;
  #last: Totals;
  #pending = 0;

  constructor(start: Totals) {
    this.#last = start;
  }

  /** The totals one second after the last ones. */
  add(totals: Totals): void {
    this.#pending++;
    if (this.#pending < this.#seconds) return;
    this.#close(totals, this.#seconds);
    if (this.#points.length < MAX_POINTS) return;
    const pairs = Array.from({ length: MAX_POINTS / 2 }, (_, pair) => pair * 2);
    this.#points = pairs.map((first) => combined(this.#points[first], this.#points[first + 1], mean));
    this.#seconds *= 2;
  }

  /** The whole series; `totals` after a last part of a second. */
  finish(totals: Totals, partSeconds: number): Series {
    const seconds = this.#pending + partSeconds;
    const isMore = names.some((name) => totals[name] > this.#last[name]);
    if (isMore && seconds > 0) this.#close(totals, seconds);
    const of = (name: keyof Totals) => this.#points.map((point) => Math.round(point[name] * 100) / 100);
    return {
      seconds: this.#seconds,
      items: of('items'),
      readUnits: of('readUnits'),
      writeUnits: of('writeUnits'),
    };
  }

  #close(totals: Totals, seconds: number): void {
    this.#points.push(combined(totals, this.#last, (now, before) => (now - before) / seconds));
    this.#last = totals;
    this.#pending = 0;
  }
}

const zero: Totals = { items: 0, readUnits: 0, writeUnits: 0 };

function combined(
  one: Totals = zero,
  other: Totals = zero,
  combine: (one: number, other: number) => number,
): Totals {
  return {
    items: combine(one.items, other.items),
    readUnits: combine(one.readUnits, other.readUnits),
    writeUnits: combine(one.writeUnits, other.writeUnits),
  };
}

function mean(one: number, other: number): number {
  return (one + other) / 2;
}

/** Asks for the totals each second until the series is wanted. */
export function recordSeries(totals: () => Totals): () => Series {
  const recorder = new SeriesRecorder(totals());
  let lastMs = performance.now();
  const timer = setInterval(() => {
    // A machine that stood still is caught up with: each second has its own point.
    for (; performance.now() - lastMs >= SAMPLE_MS; lastMs += SAMPLE_MS) recorder.add(totals());
  }, SAMPLE_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return recorder.finish(totals(), Math.max(0.05, (performance.now() - lastMs) / 1000));
  };
}
