import { COLON, type JsonBytes, QUOTE, UnusualJson } from '../json-bytes.js';

const BACKSLASH = 0x5c;
/** More fields than this are looked up by their names each time. */
const MAX_KNOWN = 64;

/**
 * Knows the fields of objects in the same bytes that mostly have the same in the same order, so that a name is compared once and
 * not with all.
 */
export class FieldOrder {
  readonly #wanted: readonly string[];
  /** Of the n-th field of the objects before: where its name stood, how long `"name":` is, and what it stands for. */
  readonly #heads: number[] = [];
  readonly #lengths: number[] = [];
  readonly #places: number[] = [];

  constructor(wanted: readonly string[]) {
    this.#wanted = wanted;
  }

  /**
   * Passes the name of the object's n-th field, and its colon. Gives the name's place among those wanted, or -1.
   * @throws UnusualJson where the name has an escape: it could be a wanted one
   */
  pass(json: JsonBytes, index: number): number {
    const length = this.#lengths[index] ?? 0;
    return length > 0 && json.passesAgain(this.#heads[index] as number, length)
      ? (this.#places[index] as number)
      : this.#learn(json, index);
  }

  #learn(json: JsonBytes, index: number): number {
    const { bytes, at: start } = json;
    json.expect(QUOTE);
    let { at } = json;
    for (let code = bytes[at]; code !== QUOTE; code = bytes[++at]) {
      if (code === BACKSLASH || code === undefined) throw new UnusualJson();
    }
    json.at = at + 1;
    json.expect(COLON);
    const place = this.#wanted.indexOf(bytes.toString('latin1', start + 1, at));
    if (index < MAX_KNOWN) {
      this.#heads[index] = start;
      this.#lengths[index] = json.at - start;
      this.#places[index] = place;
    }
    return place;
  }
}
