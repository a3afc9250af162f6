const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** Seconds that a live graph shows. */
const SHOWN = 20;

/** Numbers as a line of bars, the highest as the tallest. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 0);
  if (most === 0) return bars[0].repeat(values.length);
  return values.map((value) => bars[Math.min(7, Math.floor((value / most) * 7.999))] ?? bars[0]).join('');
}

/** At most `points` numbers instead of more: each the mean of those that it stands for. */
export function fewer(values: readonly number[], points: number): readonly number[] {
  if (values.length <= points) return values;
  return Array.from({ length: points }, (_, point) => {
    const some = values.slice(
      Math.floor((point * values.length) / points),
      Math.floor(((point + 1) * values.length) / points),
    );
    return some.reduce((sum, value) => sum + value, 0) / some.length;
  });
}

/** How fast something grew in each of the last seconds, for a graph that moves. */
export class LiveRates {
  #rates: number[] = [];
  #total: number;
  #sinceMs: number;

  constructor(total: number, nowMs: number) {
    this.#total = total;
    this.#sinceMs = nowMs;
  }

  /** Call it often. */
  see(total: number, nowMs: number): void {
    if (nowMs - this.#sinceMs < 1000) return;
    const rate = ((total - this.#total) * 1000) / (nowMs - this.#sinceMs);
    this.#rates = [...this.#rates, rate].slice(-SHOWN);
    this.#total = total;
    this.#sinceMs = nowMs;
  }

  get line(): string {
    return sparkline(this.#rates);
  }
}
