import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { DocumentPath } from '../document-path.js';
import { MAX_DEPTH, MAX_VALUES, unsafeKeys } from '../limits.js';
import type { Mistake } from '../report.js';
import type { SayAt } from './tokens.js';

/** Hears where each path stands: offsets of its value and, in a mapping, of its key. */
export type Located = (path: DocumentPath, valueOffset: number, keyOffset: number | undefined) => void;

/**
 * The document as plain data. Integers beyond 2^53 are bigint, all others number. What declarations do
 * without is said and left out. Returns undefined as data for an empty document or one beyond a limit.
 */
export function convert(document: Document.Parsed, say: SayAt, located: Located): unknown {
  return new Conversion(document, say, located).run();
}

class Conversion {
  readonly #document: Document.Parsed;
  readonly #say: SayAt;
  readonly #located: Located;
  readonly #open = new Set<Node>();
  #values = 0;
  #stopped = false;

  constructor(document: Document.Parsed, say: SayAt, located: Located) {
    this.#document = document;
    this.#say = say;
    this.#located = located;
  }

  run(): unknown {
    const root: unknown = this.#document.contents;
    const value = this.#value(root, [], 0, undefined);
    return this.#stopped ? undefined : value;
  }

  #value(given: unknown, path: DocumentPath, around: number, keyOffset: number | undefined): unknown {
    if (this.#stopped) return undefined;
    const node = isAlias(given) ? this.#resolve(given) : given;
    const offset = offsetOf(given) ?? keyOffset ?? around;
    this.#located(path, offset, keyOffset);
    this.#keepLimits(path, offset);
    if (isScalar(node)) return scalarValue(node);
    if (!isMap(node) && !isSeq(node)) return null;
    if (this.#open.has(node))
      return this.#refuse(path, offset, 'yaml_feature', 'an alias inside of what it stands for');
    this.#open.add(node);
    const value = isMap(node)
      ? this.#mapping(node, path, offset)
      : node.items.map((item, index) => this.#value(item, [...path, index], offset, undefined));
    this.#open.delete(node);
    return value;
  }

  #mapping(node: YAMLMap, path: DocumentPath, around: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const pair of node.items) {
      const key = this.#key(pair, path, around);
      if (key === undefined) continue;
      const keyOffset = offsetOf(pair.key) ?? around;
      if (Object.hasOwn(result, key)) {
        this.#refuse(
          [...path, key],
          keyOffset,
          'repeated_key',
          `the key "${key}" stands here twice`,
          'keep one of them',
        );
        continue;
      }
      result[key] = this.#value(pair.value, [...path, key], around, keyOffset);
    }
    return result;
  }

  /** The key's text; undefined if it cannot be one. */
  #key(pair: Pair, path: DocumentPath, around: number): string | undefined {
    const node = isAlias(pair.key) ? this.#resolve(pair.key) : pair.key;
    const offset = offsetOf(pair.key) ?? around;
    if (!isScalar(node) || typeof node.value !== 'string') {
      const hint = isScalar(node) ? 'put it between quotes' : undefined;
      return this.#refuse(path, offset, 'wrong_type', 'a key that is not text', hint);
    }
    if (unsafeKeys.has(node.value)) {
      return this.#refuse(
        [...path, node.value],
        offset,
        'unsafe_key',
        `the key "${node.value}" is not allowed`,
      );
    }
    if (node.value === '<<' && node.type === 'PLAIN') {
      return this.#refuse(
        [...path, node.value],
        offset,
        'yaml_feature',
        'merge keys are not allowed',
        'write the fields out',
      );
    }
    return node.value;
  }

  #resolve(alias: Node): unknown {
    return isAlias(alias) ? alias.resolve(this.#document) : alias;
  }

  #keepLimits(path: DocumentPath, offset: number): void {
    this.#values++;
    const excess =
      path.length > MAX_DEPTH
        ? `nested deeper than ${MAX_DEPTH} levels`
        : this.#values > MAX_VALUES
          ? `more than ${MAX_VALUES} values`
          : undefined;
    if (excess === undefined) return;
    this.#refuse(path, offset, 'too_large', excess);
    this.#stopped = true;
  }

  #refuse(
    path: DocumentPath,
    offset: number,
    code: Mistake['code'],
    message: string,
    hint?: string,
  ): undefined {
    this.#say(offset, { code, message, hint }, path);
    return undefined;
  }
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}

/** Integers were read exactly, as bigint; fractions, too, remain what a double holds. */
function scalarValue({ value }: Scalar): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
