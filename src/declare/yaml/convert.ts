import {
  type Alias,
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

export interface Converted {
  readonly value: unknown;
  /** Some of it was left out that may have held what is missing now. */
  readonly incomplete: boolean;
}

/**
 * The document as plain data. Integers beyond 2^53 are bigint, all others number. What declarations do
 * without is said and left out. Returns undefined as data for an empty document or one beyond a limit.
 */
export function convert(document: Document.Parsed, say: SayAt, located: Located): Converted {
  return new Conversion(document, say, located).run();
}

class Conversion {
  readonly #document: Document.Parsed;
  readonly #say: SayAt;
  readonly #located: Located;
  readonly #open = new Set<Node>();
  readonly #resolved = new Map<Alias, Node | undefined>();
  #values = 0;
  #stopped = false;
  #lost = false;

  constructor(document: Document.Parsed, say: SayAt, located: Located) {
    this.#document = document;
    this.#say = say;
    this.#located = located;
  }

  run(): Converted {
    const root: unknown = this.#document.contents;
    const value = this.#value(root, [], 0, undefined);
    return { value: this.#stopped ? undefined : value, incomplete: this.#stopped || this.#lost };
  }

  #value(given: unknown, path: DocumentPath, around: number, keyOffset: number | undefined): unknown {
    if (this.#stopped) return undefined;
    const offset = offsetOf(given) ?? keyOffset ?? around;
    const node = this.#resolve(given, path, offset);
    this.#located(path, offset, keyOffset);
    this.#keepLimits(path, offset);
    if (isScalar(node)) return scalarValue(node);
    if (!isMap(node) && !isSeq(node)) return null;
    if (this.#open.has(node)) return this.#leaveOut(path, offset, aliasInItself);
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
      const offset = offsetOf(pair.key) ?? around;
      const key = this.#key(pair, path, offset);
      if (key === undefined) continue;
      if (!Object.hasOwn(result, key)) result[key] = this.#value(pair.value, [...path, key], around, offset);
      else this.#say(offset, repeated(key), [...path, key]);
    }
    return result;
  }

  /** The key's text; undefined if it cannot be one. */
  #key(pair: Pair, path: DocumentPath, offset: number): string | undefined {
    const node = this.#resolve(pair.key, path, offset);
    if (!isScalar(node) || typeof node.value !== 'string') {
      const hint = isScalar(node) ? 'put it between quotes' : undefined;
      this.#say(offset, { code: 'wrong_type', message: 'a key that is not text', hint, at: 'key' }, path);
      return undefined;
    }
    const key = node.value;
    if (key === '<<' && node.type === 'PLAIN') return this.#leaveOut([...path, key], offset, mergeKey);
    if (!unsafeKeys.has(key)) return key;
    this.#say(offset, { code: 'unsafe_key', message: `the key "${key}" is not allowed` }, [...path, key]);
    return undefined;
  }

  /** What an alias stands for. Resolving walks the document: once for each alias. */
  #resolve(node: unknown, path: DocumentPath, offset: number): unknown {
    if (!isAlias(node)) return node;
    if (!this.#resolved.has(node)) {
      const meant = node.resolve(this.#document);
      if (!meant) this.#leaveOut(path, offset, unknownAlias(node.source));
      this.#resolved.set(node, meant);
    }
    return this.#resolved.get(node);
  }

  #keepLimits(path: DocumentPath, offset: number): void {
    this.#values++;
    const isDeep = path.length > MAX_DEPTH;
    if (!isDeep && this.#values <= MAX_VALUES) return;
    const message = isDeep ? `nested deeper than ${MAX_DEPTH} levels` : `more than ${MAX_VALUES} values`;
    this.#say(offset, { code: 'too_large', message }, path);
    this.#stopped = true;
  }

  #leaveOut(path: DocumentPath, offset: number, mistake: Mistake): undefined {
    this.#say(offset, mistake, path);
    this.#lost = true;
    return undefined;
  }
}

const aliasInItself: Mistake = {
  code: 'yaml_feature',
  message: 'an alias inside of what it stands for',
  hint: 'write the fields out',
};

const mergeKey: Mistake = {
  code: 'yaml_feature',
  message: 'merge keys are not allowed',
  hint: 'write the fields out',
};

function repeated(key: string): Mistake {
  return { code: 'repeated_key', message: `the key "${key}" stands here twice`, hint: 'keep one of them' };
}

function unknownAlias(name: string): Mistake {
  const hint = 'put text that begins with * between quotes';
  return { code: 'syntax', message: `nothing is anchored as &${name}`, hint };
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
