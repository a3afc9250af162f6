import type { DocumentPath } from '../document-path.js';
import { MAX_DEPTH, MAX_VALUES, unsafeKeys } from '../limits.js';
import type { Mistake } from '../report.js';

/** Hears what is wrong, and which object stands at which path. */
export interface Listener {
  say(path: DocumentPath, mistake: Mistake): void;
  object(path: DocumentPath, value: object): void;
}

/**
 * A program's value as the plain data that YAML would have given: undefined fields are left out, integers
 * beyond 2^53 are bigint, all others number. Functions stay where a `row` or a call's `run` may be. What is not data is said.
 */
export function plainData(value: unknown, listener: Listener): unknown {
  return new Plain(listener).value(value, []);
}

function isProgramField(field: string | number | undefined): boolean {
  return field === 'row' || field === 'run';
}

class Plain {
  readonly #listener: Listener;
  readonly #open = new Set<object>();
  #values = 0;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  value(value: unknown, path: DocumentPath): unknown {
    this.#values++;
    if (this.#values > MAX_VALUES + 1) return undefined;
    if (this.#values > MAX_VALUES) return this.#refuse(path, 'too_large', `more than ${MAX_VALUES} values`);
    if (typeof value === 'object' && value !== null) return this.#compound(value, path);
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    if (typeof value === 'number') return this.#number(value, path);
    if (typeof value === 'function' && path[0] === 'steps' && isProgramField(path.at(-1))) return value;
    const isData = value === null || typeof value === 'string' || typeof value === 'boolean';
    return isData ? value : this.#refuse(path, 'wrong_type', `expected data, not a ${typeof value}`);
  }

  #number(value: number, path: DocumentPath): unknown {
    if (!Number.isFinite(value)) return this.#refuse(path, 'wrong_type', 'not a finite number');
    if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    const message = 'an integer beyond 2^53 has lost digits in the program already';
    return this.#refuse(path, 'wrong_value', message, 'write it as a bigint: 12345678901234567890n');
  }

  #compound(value: object, path: DocumentPath): unknown {
    if (this.#open.has(value)) return this.#refuse(path, 'wrong_value', 'an object that holds itself');
    if (path.length > MAX_DEPTH) {
      return this.#refuse(path, 'too_large', `nested deeper than ${MAX_DEPTH} levels`);
    }
    this.#open.add(value);
    const plain = Array.isArray(value)
      ? Array.from(value, (each: unknown, index) => this.value(each, [...path, index]))
      : this.#mapping(value, path);
    this.#open.delete(value);
    return plain;
  }

  #mapping(value: object, path: DocumentPath): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) {
      return this.#refuse(path, 'wrong_type', 'expected plain data, not an object of a class');
    }
    this.#listener.object(path, value);
    const result: Record<string, unknown> = {};
    for (const [key, part] of Object.entries(value)) {
      if (unsafeKeys.has(key)) this.#refuse([...path, key], 'unsafe_key', `the key "${key}" is not allowed`);
      else if (part !== undefined) result[key] = this.value(part, [...path, key]);
    }
    return result;
  }

  #refuse(path: DocumentPath, code: Mistake['code'], message: string, hint?: string): undefined {
    this.#listener.say(path, { code, message, hint });
    return undefined;
  }
}
