/** Numbers that are the same for the same seed on every machine (mulberry32: 32 bits of state, enough for a demo). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, below 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.fraction() * times < 1;
  }

  digits(count: number): string {
    let text = '';
    while (text.length < count) text += String(this.whole(0, 99_999_999)).padStart(8, '0');
    return text.slice(0, count);
  }

  /** Upper-case hexadecimal text of that many bytes. */
  hex(bytes: number): string {
    let text = '';
    while (text.length < bytes * 2) text += this.whole(0, 0xffff_ffff).toString(16).padStart(8, '0');
    return text.slice(0, bytes * 2).toUpperCase();
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.whole(0, choices.length - 1)] ?? choices[0];
  }
}
