import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import type { Place } from '../report.js';

/** Finds lines of a program from stacks of the bundle that was made of it. */
export class CallPlaces {
  readonly #file: string;
  readonly #bundleUrl: string;
  readonly #map: SourceMap;

  /** `bundleUrl` is what the bundle was imported as; `map` is its source map. */
  constructor(file: string, bundleUrl: string, map: string) {
    this.#file = file;
    this.#bundleUrl = bundleUrl;
    this.#map = new SourceMap(JSON.parse(map));
  }

  /** The topmost call that stands in the program itself, if there is one. */
  find(stack: unknown): Place | undefined {
    if (typeof stack !== 'string') return undefined;
    for (const line of stack.split('\n')) {
      const at = line.indexOf(`${this.#bundleUrl}:`);
      const [row, column] = at < 0 ? [] : line.slice(at + this.#bundleUrl.length + 1).split(/[:)]/);
      const place = row === undefined ? undefined : this.#original(Number(row), Number(column));
      if (place) return place;
    }
    return undefined;
  }

  #original(line: number, column: number): Place | undefined {
    const entry = this.#map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry)) return undefined;
    if (resolve(dirname(this.#file), entry.originalSource) !== this.#file) return undefined;
    return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }
}
