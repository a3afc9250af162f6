/**
 * Which calls meet which fault. A rule matches by name, then narrows: by number (`nth`, counted from 1 over the
 * calls that it matches), by chance, and by how often it may strike. The first rule that strikes wins.
 */
export interface Rule<Fault> {
  /** What the rule watches: an action's name, or a pattern for it (for MySQL: the statement's text). */
  readonly on: string | RegExp;
  readonly fault: Fault;
  /** Only these of the matching calls, counted from 1. */
  readonly nth?: number | readonly number[];
  /** Strikes with this probability, by the plan's seed. Default 1. */
  readonly chance?: number;
  /** Strikes at most so often. Default without limit. */
  readonly times?: number;
}

/** Rules with their counters. The same seed and the same order of calls give the same faults. */
export class FaultPlan<Fault> {
  #rules: { rule: Rule<Fault>; matched: number; struck: number }[] = [];
  #random: () => number;

  constructor(rules: readonly Rule<Fault>[] = [], seed = 1) {
    this.#random = seededRandom(seed);
    this.use(rules);
  }

  /** Replaces the rules; their counters start over. */
  use(rules: readonly Rule<Fault>[]): void {
    this.#rules = rules.map((rule) => ({ rule, matched: 0, struck: 0 }));
  }

  /** The fault that strikes this call, if any. */
  next(subject: string): Fault | undefined {
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (!watches(rule.on, subject)) continue;
      entry.matched += 1;
      if (rule.nth !== undefined && ![rule.nth].flat().includes(entry.matched)) continue;
      if (entry.struck >= (rule.times ?? Number.POSITIVE_INFINITY)) continue;
      if (rule.chance !== undefined && this.#random() >= rule.chance) continue;
      entry.struck += 1;
      return rule.fault;
    }
    return undefined;
  }

  /** How often each rule has struck, in the order of the rules. */
  struck(): readonly number[] {
    return this.#rules.map((entry) => entry.struck);
  }

  /** The plan's own random numbers, for faults that choose (which requests of a batch stay unprocessed). */
  random(): number {
    return this.#random();
  }
}

function watches(on: string | RegExp, subject: string): boolean {
  return typeof on === 'string' ? on === subject : on.test(subject);
}

/** mulberry32: small, and good enough to choose who fails. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
