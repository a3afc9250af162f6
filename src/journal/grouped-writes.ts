import type { Reduce } from './state.js';

/** Where grouped records go. Each call is durable when it returns; a failed one has written nothing. */
export interface Backing {
  append(lines: readonly string[]): Promise<void>;
  replace(reduce: Reduce): Promise<void>;
}

interface Waiting {
  /** A record that is added; or what becomes of all that are there. */
  readonly work: { readonly line: string } | { readonly reduce: Reduce };
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Writes one group at a time: records that are added while a write is under way share the next one. */
export class GroupedWrites {
  readonly #backing: Backing;
  readonly #maxCharacters: number;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  /** `maxCharacters`: of a group that has more than one record. */
  constructor(backing: Backing, maxCharacters = Number.POSITIVE_INFINITY) {
    this.#backing = backing;
    this.#maxCharacters = maxCharacters;
  }

  add(record: object): Promise<void> {
    return this.#queue({ line: lineOf(record) });
  }

  rewrite(reduce: Reduce): Promise<void> {
    return this.#queue({ reduce });
  }

  /** Returns once nothing is under way. */
  async settled(): Promise<void> {
    await this.#flushing;
  }

  #queue(work: Waiting['work']): Promise<void> {
    const queued = new Promise<void>((done, failed) => {
      this.#waiting.push({ work, done, failed });
    });
    this.#flushing ??= this.#flush();
    return queued;
  }

  async #flush(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#do(group.map(({ work }) => work));
        for (const entry of group) entry.done();
      } catch (error) {
        for (const entry of group) entry.failed(error);
      }
    }
    this.#flushing = undefined;
  }

  /** A rewriting by itself, or all records up to one. */
  #nextGroup(): Waiting[] {
    let characters = 0;
    const end = this.#waiting.findIndex(({ work }, index) => {
      if ('reduce' in work) return true;
      characters += work.line.length;
      return index > 0 && characters > this.#maxCharacters;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : Math.max(1, end));
  }

  async #do(works: readonly Waiting['work'][]): Promise<void> {
    const [first] = works;
    if (first && 'reduce' in first) await this.#backing.replace(first.reduce);
    else await this.#backing.append(works.map((work) => ('line' in work ? work.line : '')));
  }
}

/** A record as it is kept. */
export function lineOf(record: object): string {
  return `${JSON.stringify(record)}\n`;
}
