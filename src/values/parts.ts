/** Lists as one: the second comes behind the first. */
export class Parts<Part extends { readonly length: number }> {
  readonly length: number;
  readonly all: readonly Part[];
  /** Of each part the number that its first has in the whole; behind them that of none. */
  readonly #starts: readonly number[];
  /** The part that was asked for last: the next is probably the same, or the one behind it. */
  #last = 0;

  constructor(parts: readonly Part[]) {
    const starts = [0];
    for (const { length } of parts) starts.push((starts.at(-1) ?? 0) + length);
    this.all = parts;
    this.#starts = starts;
    this.length = starts.at(-1) ?? 0;
  }

  /** The part that holds this number, from 0 to `length`. */
  of(index: number): Part {
    return this.all[this.#find(index)] as Part;
  }

  /** The number that this one has in its part. */
  within(index: number): number {
    return index - (this.#starts[this.#find(index)] as number);
  }

  #find(index: number): number {
    const starts = this.#starts;
    let part = this.#last;
    if (index < (starts[part] as number)) part = 0;
    while (index >= (starts[part + 1] as number)) part++;
    this.#last = part;
    return part;
  }
}
