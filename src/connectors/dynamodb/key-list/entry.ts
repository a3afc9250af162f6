import type { Attribute, Cell } from '../../../values/cell.js';
import { base64 } from '../encode.js';
import { type KeyAttribute, keyOf } from '../key.js';
import { attributeColumn } from '../open-columns.js';
import type { Problem } from '../problem.js';

/** One place of a list: a key in its one spelling (see `KeyOf`), or why there is none. */
export type Entry =
  | { readonly line: number; readonly key: string }
  | { readonly line: number; readonly problem: Problem; readonly text: string };

/** The key's values as the list spells them, in the order of the table's key; `undefined` where one is missing. */
export type Values = readonly (Attribute | Problem | undefined)[];

/** Turns values into entries of one table. */
export interface EntryMaker {
  readonly key: readonly KeyAttribute[];
  of(line: number, values: Values, text: () => string): Entry;
  malformed(line: number, message: string, text: string): Entry;
}

/** Rejects show what stood there, up to this much of it. */
const MAX_SHOWN = 4096;

export function entryMaker(key: readonly KeyAttribute[]): EntryMaker {
  const columns = key.map(({ name, type }) => attributeColumn(name, false, type));
  const spell = keyOf(
    columns,
    key.map((part) => ({ ...part, columns: [part.name] })),
  );
  const refused = (line: number, { code, message }: Problem, text: string): Entry => ({
    line,
    problem: { code, message: `line ${line}: ${message}` },
    text: text.slice(0, MAX_SHOWN),
  });
  const malformed = (line: number, message: string, text: string) =>
    refused(line, { code: 'key_invalid', message }, text);
  return {
    key,
    malformed,
    of: (line, values, text) => {
      const problem = values.find((value) => value !== undefined && 'code' in value);
      if (problem && 'code' in problem) return refused(line, problem, text());
      if (values.some((value) => value !== undefined && 'S' in value && !isUnicode(value.S))) {
        return malformed(line, 'not valid Unicode text', text());
      }
      const spelled = spell(values as Cell[]);
      return typeof spelled === 'string' ? { line, key: spelled } : refused(line, spelled, text());
    },
  };
}

/** JSON can spell halves of surrogate pairs, which are no text. */
function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A value that a list spells as text, by the type of the key attribute: binary is base64. */
export function textValue(text: string, { name, type }: KeyAttribute): Attribute | Problem {
  if (type === 'S') return { S: text };
  if (type === 'N') return { N: text };
  if (base64Form.test(text)) return { B: text };
  return { code: 'key_invalid', message: `${name} is binary: base64 is expected` };
}

/** A cell of another source, by its column's own type. */
export function cellValue(cell: Cell, attribute: KeyAttribute): Attribute | Problem | undefined {
  if (cell === null || cell === undefined) return undefined;
  if (cell instanceof Uint8Array) return { B: base64(cell) };
  if (typeof cell === 'string') return textValue(cell, attribute);
  if (typeof cell === 'object') return cell;
  return { code: 'value_type', message: `${attribute.name} is true or false, which no key can be` };
}
