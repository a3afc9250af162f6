import { isObject } from './machine-file.js';

/** Where a value that goes through a machine comes from. */
export type Data =
  /** Of the execution's input, which a pipeline does not have. */
  | { readonly kind: 'input' }
  | { readonly kind: 'constant'; readonly value: unknown }
  /** What a call gave, or a part of it. */
  | { readonly kind: 'output'; readonly step: string; readonly path: readonly (string | number)[] }
  /** How a step failed: a text. */
  | { readonly kind: 'error'; readonly step: string; readonly field: 'code' | 'message' }
  /** When the machine was started. */
  | { readonly kind: 'time' }
  | { readonly kind: 'list'; readonly items: readonly Data[] }
  /** Fields, and beside them those of the base. */
  | { readonly kind: 'object'; readonly fields: Readonly<Record<string, Data>>; readonly base?: Data }
  | { readonly kind: 'unknown'; readonly why: string };

export type Path = readonly (string | number)[];

export const noData: Data = { kind: 'constant', value: {} };

export function unknown(why: string): Data {
  return { kind: 'unknown', why };
}

/** The parts of a path that leads to one value; undefined for wildcards, filters and the like. */
export function parsePath(text: string): Path | undefined {
  const parts: (string | number)[] = [];
  const part = /\.([\p{L}\p{N}_-]+)|\[(\d+)\]|\['([^'\\]*)'\]|\["([^"\\]*)"\]/uy;
  part.lastIndex = 1;
  while (part.lastIndex < text.length) {
    const found = part.exec(text);
    if (!found) return undefined;
    const [, name, index, single, double] = found;
    parts.push(index === undefined ? (name ?? single ?? double ?? '') : Number(index));
  }
  return text.startsWith('$') ? parts : undefined;
}

/** The value that a path, a path into the context (`$$`) or an intrinsic function stands for. */
export function dataAt(data: Data, text: string): Data {
  if (text.startsWith('$$')) return contextAt(text.slice(1));
  if (!text.startsWith('$')) return unknown(`it is made by ${text.split('(')[0]}`);
  if (/^\$[A-Za-z]/.test(text)) return unknown(`${text} is a variable`);
  const path = parsePath(text);
  return path ? follow(data, path) : unknown(`the path ${text} leads to more than one value`);
}

function contextAt(text: string): Data {
  if (text === '$.Execution.StartTime') return { kind: 'time' };
  if (text.startsWith('$.Execution.Input')) return { kind: 'input' };
  return unknown(`$${text} is known to the state machine only`);
}

function follow(data: Data, path: Path): Data {
  const [part, ...rest] = path;
  if (part === undefined) return data;
  switch (data.kind) {
    case 'output':
      return { ...data, path: [...data.path, ...path] };
    case 'input':
    case 'unknown':
      return data;
    case 'list':
      return follow((typeof part === 'number' && data.items[part]) || absent(part), rest);
    case 'object': {
      const own = Object.hasOwn(data.fields, part) ? data.fields[part] : undefined;
      return own ? follow(own, rest) : data.base ? follow(data.base, path) : absent(part);
    }
    case 'constant': {
      const { value } = data;
      const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
      return isThere ? follow({ kind: 'constant', value: Reflect.get(value, part) }, rest) : absent(part);
    }
    default:
      return absent(part);
  }
}

function absent(part: string | number): Data {
  return unknown(`there is no ${part} in what comes before`);
}

/** The data with a value at a reference path (ResultPath). */
export function withData(data: Data, path: Path, value: Data): Data {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  if (typeof part === 'number') return unknown('it lies in a list that is changed');
  const inner = rest.length === 0 ? value : withData(innerOf(data, part), rest, value);
  if (data.kind !== 'object') return { kind: 'object', fields: { [part]: inner }, base: data };
  return { ...data, fields: { ...data.fields, [part]: inner } };
}

function innerOf(data: Data, part: string): Data {
  const inner = follow(data, [part]);
  return inner.kind === 'unknown' ? noData : inner;
}

/** A payload template: fields that end in `.$` are paths or intrinsic functions. */
export function fromTemplate(template: unknown, data: Data): Data {
  if (Array.isArray(template)) {
    return { kind: 'list', items: template.map((each) => fromTemplate(each, data)) };
  }
  if (!isObject(template)) return { kind: 'constant', value: template };
  const fields = Object.entries(template).map(([name, value]) =>
    name.endsWith('.$') && typeof value === 'string'
      ? [name.slice(0, -2), dataAt(data, value)]
      : [name, fromTemplate(value, data)],
  );
  return { kind: 'object', fields: Object.fromEntries(fields) };
}

/** What is known where two ways meet: what is the same on both. */
export function merged(one: Data, other: Data): Data {
  if (JSON.stringify(one) === JSON.stringify(other)) return one;
  if (one.kind !== 'object' && other.kind !== 'object') return unknown('it depends on the way taken before');
  const names = new Set(
    [one, other].flatMap((each) => (each.kind === 'object' ? Object.keys(each.fields) : [])),
  );
  const fields = [...names].map((name) => [name, merged(follow(one, [name]), follow(other, [name]))]);
  const base = merged(baseOf(one), baseOf(other));
  return { kind: 'object', fields: Object.fromEntries(fields), base };
}

function baseOf(data: Data): Data {
  return data.kind === 'object' ? (data.base ?? noData) : data;
}
