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
/** What is done in no time at all is not taken to have been infinitely fast. */
const SHORTEST_SECONDS = 0.05;

const names = ['items', 'readUnits', 'writeUnits'] as const;

/**
 * Makes a series of bounded length of totals that are told from time to time, about once a second: whatever moment they
 * are told at, what was done between two of them is taken to have been done evenly.
 */
export class SeriesRecorder {
  #points: Totals[] = [];
  #seconds = 1;
  /** At the end of the last point. */
  #last: Totals;
  #pending = 0;
  #told: Totals;
  #toldMs: number;
  /** When the last whole second ended. */
  #secondMs: number;

  constructor(start: Totals, nowMs: number) {
    this.#last = start;
    this.#told = start;
    this.#toldMs = nowMs;
    this.#secondMs = nowMs;
  }

  add(totals: Totals, nowMs: number): void {
    const [before, beforeMs] = [this.#told, this.#toldMs];
    while (nowMs - this.#secondMs >= SAMPLE_MS) {
      this.#secondMs += SAMPLE_MS;
      const share = (this.#secondMs - beforeMs) / (nowMs - beforeMs);
      this.#second(combined(totals, before, (now, then) => then + (now - then) * share));
    }
    this.#told = totals;
    this.#toldMs = nowMs;
  }

  /** The whole series. A last part that is too short for a point of its own belongs to the one before it. */
  finish(totals: Totals, nowMs: number): Series {
    this.add(totals, nowMs);
    const seconds = this.#pending + (nowMs - this.#secondMs) / 1000;
    const isMore = names.some((name) => totals[name] > this.#last[name]);
    if (isMore && seconds < this.#seconds / 2 && this.#points.length > 0) this.#widen(totals, seconds);
    else if (isMore) this.#close(totals, Math.max(seconds, SHORTEST_SECONDS));
    const of = (name: keyof Totals) => this.#points.map((point) => Math.round(point[name] * 100) / 100);
    return {
      seconds: this.#seconds,
      items: of('items'),
      readUnits: of('readUnits'),
      writeUnits: of('writeUnits'),
    };
  }

  #second(totals: Totals): void {
    this.#pending++;
    if (this.#pending < this.#seconds) return;
    this.#close(totals, this.#seconds);
    if (this.#points.length < MAX_POINTS) return;
    const pairs = Array.from({ length: MAX_POINTS / 2 }, (_, pair) => pair * 2);
    this.#points = pairs.map((first) => combined(this.#points[first], this.#points[first + 1], mean));
    this.#seconds *= 2;
  }

  #close(totals: Totals, seconds: number): void {
    this.#points.push(combined(totals, this.#last, (now, before) => (now - before) / seconds));
    this.#last = totals;
    this.#pending = 0;
  }

  #widen(totals: Totals, more: number): void {
    const width = this.#seconds;
    const rest = combined(totals, this.#last, (now, before) => now - before);
    const point = this.#points.pop();
    this.#points.push(combined(point, rest, (rate, added) => (rate * width + added) / (width + more)));
    this.#last = totals;
  }
}

/** What one of several processes has recorded. */
export interface OwnSeries {
  /** Epoch milliseconds. */
  readonly beganMs: number;
  /** How long it was at work. */
  readonly seconds: number;
  readonly series: Series;
}

/** How fast several processes went together, whatever part of the time each was at work; at least one. */
export function mergedSeries(all: readonly OwnSeries[]): Series {
  const startMs = Math.min(...all.map(({ beganMs }) => beganMs));
  const ends = all.map(({ beganMs, seconds }) => (beganMs - startMs) / 1000 + seconds);
  const total = Math.max(SHORTEST_SECONDS, ...ends);
  let width = 1;
  while (total / width > MAX_POINTS) width *= 2;
  const count = Math.ceil(total / width);
  const of = (name: keyof Totals) => {
    const sums = new Array<number>(count).fill(0);
    for (const each of all) spread(sums, width, each.series[name], each, startMs);
    return sums.map((sum, point) => {
      const seconds = Math.max(SHORTEST_SECONDS, Math.min(width, total - point * width));
      return Math.round((sum / seconds) * 100) / 100;
    });
  };
  return { seconds: width, items: of('items'), readUnits: of('readUnits'), writeUnits: of('writeUnits') };
}

/** Adds what was done in the time of each point to the points of another series that it lies in. */
function spread(
  sums: number[],
  width: number,
  rates: readonly number[],
  { beganMs, seconds, series }: OwnSeries,
  startMs: number,
): void {
  const rest = seconds - (rates.length - 1) * series.seconds;
  // The last point may stand for less than the others, or for what came after it, too.
  const last = rest > 1.5 * series.seconds ? series.seconds : Math.max(SHORTEST_SECONDS, rest);
  for (const [index, rate] of rates.entries()) {
    const from = (beganMs - startMs) / 1000 + index * series.seconds;
    const to = from + (index === rates.length - 1 ? last : series.seconds);
    for (let point = Math.floor(from / width); point * width < to; point++) {
      const place = Math.min(point, sums.length - 1);
      const overlap = Math.min(to, (point + 1) * width) - Math.max(from, point * width);
      sums[place] = (sums[place] ?? 0) + rate * overlap;
    }
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
  const recorder = new SeriesRecorder(totals(), performance.now());
  const timer = setInterval(() => recorder.add(totals(), performance.now()), SAMPLE_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return recorder.finish(totals(), performance.now());
  };
}
