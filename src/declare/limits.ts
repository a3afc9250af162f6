/** What a declaration may hold at most, in YAML as in TypeScript. */
export const MAX_BYTES = 1024 * 1024;
export const MAX_DEPTH = 64;
export const MAX_VALUES = 50_000;
/** YAML only. */
export const MAX_ALIASES = 100;
export const MAX_TOKENS = 250_000;

/** Keys that could change the prototype of an object somewhere behind the loader. */
export const unsafeKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
