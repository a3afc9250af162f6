import type { Attribute } from '../../values/cell.js';
import { visibleText } from '../../values/visible-text.js';
import { Refusal } from '../refusal.js';

/** What becomes of what a schema does not know. Without it, it goes on. */
export type Extra = 'reject' | 'ignore' | { readonly into: string };

/** A path in a message is cut here. */
const MAX_PATH = 200;

export function strayRefusal(path: readonly string[]): Refusal {
  const place = path.map(visibleText).join('.').slice(0, MAX_PATH);
  return new Refusal('attribute_unknown', `${place} is not in the schema`, path[0]);
}

/** The document without what is at the paths. */
export function without(attribute: Attribute, paths: readonly (readonly string[])[]): Attribute {
  const here = grouped(paths);
  const keep = ([name, part]: readonly [string, Attribute]): [string, Attribute][] => {
    const below = here.get(name);
    if (!below) return [[name, part]];
    return below.some((path) => path.length === 0) ? [] : [[name, without(part, below)]];
  };
  if ('M' in attribute) return { M: Object.fromEntries(Object.entries(attribute.M).flatMap(keep)) };
  if (!('L' in attribute)) return attribute;
  return { L: attribute.L.flatMap((part, index) => keep([String(index), part]).map(([, kept]) => kept)) };
}

/** What is at the paths alone, in maps by the names on the way; places in lists are names. */
export function onlyAt(attribute: Attribute, paths: readonly (readonly string[])[]): Attribute {
  if (paths.some((path) => path.length === 0)) return attribute;
  const elements = 'L' in attribute ? Object.fromEntries(attribute.L.entries()) : {};
  const members: Readonly<Record<string, Attribute>> = 'M' in attribute ? attribute.M : elements;
  const parts = [...grouped(paths)].flatMap(([name, below]): [string, Attribute][] => {
    const part = Object.hasOwn(members, name) ? members[name] : undefined;
    return part ? [[name, onlyAt(part, below)]] : [];
  });
  return { M: Object.fromEntries(parts) };
}

/** Paths by their first steps. */
export function grouped(paths: readonly (readonly string[])[]): ReadonlyMap<string, (readonly string[])[]> {
  const groups = new Map<string, (readonly string[])[]>();
  for (const [name = '', ...rest] of paths) groups.set(name, [...(groups.get(name) ?? []), rest]);
  return groups;
}
