import type { Batch } from '../values/batch.js';
import type { Cell } from '../values/cell.js';
import type { Column } from '../values/column.js';
import type { Refusal } from './refusal.js';
import { Transform, type TransformOptions } from './transform.js';

/** A cell and what its column says of it; the cell is undefined where the row has no such column. */
export interface ShownCell {
  readonly column: Column;
  readonly cell: Cell;
}

/** What one stage does to one column. */
export interface Change {
  readonly stage: 'parse' | 'check' | 'map' | 'as' | 'empty' | 'nulls' | 'row' | 'mask';
  /** The name after the stage; of a column that goes, the name before. */
  readonly column: string;
  readonly before?: ShownCell;
  readonly after?: ShownCell;
  /** `renamed from total`, `dropped`, `as: bool`. */
  readonly reason: string;
}

/** The way of one row, stage by stage, and what comes out: a batch of one row, or why it cannot go on. */
export interface Explained {
  readonly changes: readonly Change[];
  readonly outcome:
    | { readonly kind: 'passed'; readonly batch: Batch }
    | { readonly kind: 'refused'; readonly refusal: Refusal };
}

type Stage = Change['stage'];

/** In the order in which `Transform` does them: each with what the options before it leave out. */
function stagesOf({
  parse,
  checks,
  map,
  empty,
  nulls,
  row,
  mask,
}: TransformOptions): [Stage, TransformOptions][] {
  const { as, ...names } = map ?? {};
  const stages: [Stage, TransformOptions][] = [];
  let options: TransformOptions = {};
  const add = (stage: Stage, more: TransformOptions): void => {
    options = { ...options, ...more };
    stages.push([stage, options]);
  };
  if (parse) add('parse', { parse });
  if (checks) add('check', { checks });
  if (map) add('map', { map: names });
  if (map && as) add('as', { map });
  if (empty === 'null') add('empty', { empty });
  if (nulls === 'omit') add('nulls', { nulls });
  if (row) add('row', { row });
  if (mask) add('mask', { mask });
  return stages;
}

/**
 * Takes the batch's one row through the stages of a transform one after the other. A row function is called once.
 * `key`: see `Transform`.
 */
export function explainRow(
  options: TransformOptions,
  open: boolean,
  key: readonly string[],
  batch: Batch,
): Explained {
  const changes: Change[] = [];
  let before = batch;
  for (const [stage, some] of stagesOf(options)) {
    const transform = new Transform(some, open, key);
    const { lineage } = transform.outline(batch.columns);
    const { batch: after, dropped } = transform.apply(batch);
    const refusal = dropped[0]?.refusal;
    if (refusal) return { changes, outcome: { kind: 'refused', refusal } };
    changes.push(...changesBetween(stage, before, after, { options, lineage }));
    before = after;
  }
  return { changes, outcome: { kind: 'passed', batch: before } };
}

interface About {
  readonly options: TransformOptions;
  /** Outgoing name → incoming name. */
  readonly lineage: ReadonlyMap<string, string>;
}

function changesBetween(stage: Stage, before: Batch, after: Batch, about: About): readonly Change[] {
  const [old, now] = [cellsOf(before), cellsOf(after)];
  const changes: Change[] = [];
  const taken = new Set<string>();
  for (const [name, shown] of now) {
    const from = stage === 'map' ? origin(name, about) : name;
    const was = old.get(from);
    taken.add(from);
    if (was && from === name && isSame(was, shown)) continue;
    changes.push({
      stage,
      column: name,
      ...(was ? { before: was } : {}),
      after: shown,
      reason: reasonFor(stage, name, from, about.options),
    });
  }
  for (const [name, was] of old) {
    if (taken.has(name)) continue;
    const reason = stage === 'map' ? 'dropped' : reasonFor(stage, name, name, about.options);
    changes.push({ stage, column: name, before: was, reason });
  }
  return changes;
}

/** The name before `map`; '' for what is made by it. */
function origin(name: string, { lineage, options: { parse, map } }: About): string {
  const before = map?.rename && Object.hasOwn(map.rename, name) ? (map.rename[name] ?? name) : name;
  return lineage.get(name) ?? (parse?.includes(before) && !map?.only ? before : '');
}

/** Columns that the row has; a missing attribute is no cell. */
function cellsOf({ columns, rows }: Batch): ReadonlyMap<string, ShownCell> {
  const cells = columns.flatMap((column, index): [string, ShownCell][] => {
    const cell = rows.at(0)?.[index];
    return cell === undefined ? [] : [[column.name, { column, cell }]];
  });
  return new Map(cells);
}

function isSame(one: ShownCell, other: ShownCell): boolean {
  if (one.column.type !== other.column.type) return false;
  if (one.cell instanceof Uint8Array && other.cell instanceof Uint8Array) {
    return Buffer.compare(one.cell, other.cell) === 0;
  }
  return one.cell === other.cell || JSON.stringify(one.cell) === JSON.stringify(other.cell);
}

function reasonFor(stage: Stage, name: string, from: string, { map, mask }: TransformOptions): string {
  switch (stage) {
    case 'map': {
      if (from !== '') return `renamed from ${from}`;
      const { only } = map ?? {};
      const paths = only && !Array.isArray(only) ? (only as Readonly<Record<string, unknown>>) : {};
      const path = Object.hasOwn(paths, name) ? paths[name] : undefined;
      return typeof path === 'string' ? `taken from ${path}` : 'added';
    }
    case 'parse':
      return 'parsed';
    case 'check':
      return 'checked';
    case 'as':
      return `as: ${map?.as?.[name]}`;
    case 'empty':
      return 'empty: null';
    case 'nulls':
      return 'nulls: omit';
    case 'row':
      return 'row function';
    case 'mask':
      return `mask: ${mask?.columns[name] ?? 'a part of it'}`;
  }
}
