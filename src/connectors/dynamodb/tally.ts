import type { Refused, Written } from '../connector.js';
import type { Problem } from './problem.js';

/** What became of the rows of one batch. */
export class Tally {
  readonly #rejects: Refused[] = [];
  #written = 0;
  #unchanged = 0;
  #units = 0;

  written(rows = 1): void {
    this.#written += rows;
  }

  unchanged(rows = 1): void {
    this.#unchanged += rows;
  }

  reject(row: number, problem: Problem): void {
    this.#rejects.push({ row, ...problem });
  }

  used(units: number): void {
    this.#units += units;
  }

  result(): Written {
    const rejects = this.#rejects.sort((a, b) => a.row - b.row);
    return { written: this.#written, unchanged: this.#unchanged, rejects, units: this.#units };
  }
}
