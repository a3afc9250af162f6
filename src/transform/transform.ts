import { AttributeRows } from '../values/attribute-rows.js';
import type { Batch, Change, Rows } from '../values/batch.js';
import type { Row } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { hasAny } from '../values/packed-changes.js';
import type { AsType } from './as.js';
import { compileAs } from './as.js';
import { type Compiled, compile } from './compile.js';
import type { ContentOptions, Watch } from './contents.js';
import { Drift } from './drift.js';
import type { MapOptions } from './map.js';
import { type MaskOptions, MaskStage } from './mask/mask-stage.js';
import { readableRows } from './readable-rows.js';
import { Refusal } from './refusal.js';
import type { RowFunction } from './row.js';
import { RowFunctionStage } from './row-stage.js';

/** What a step does to its rows on the way. */
export interface TransformOptions extends ContentOptions {
  readonly map?: MapOptions & { readonly as?: Readonly<Record<string, AsType>> };
  /** null: '' becomes NULL, as the systems before did. Default keep. */
  readonly empty?: 'keep' | 'null';
  /** omit: NULL leaves the attribute out. Default keep. */
  readonly nulls?: 'keep' | 'omit';
  readonly row?: RowFunction;
  readonly mask?: MaskOptions;
  /** Rows are changes (`Batch.changes`). */
  readonly changes?: true;
}

/** A row that cannot go on: its index in the batch that came in, and why. */
export interface Dropped {
  readonly row: number;
  readonly refusal: Refusal;
}

export interface Transformed {
  readonly batch: Batch;
  /** For each row of `batch` its index in the batch that came in; absent when they are the same. */
  readonly origin?: readonly number[];
  readonly dropped: readonly Dropped[];
}

/** What the columns become, for the plan. */
export interface Outline {
  readonly columns: readonly Column[];
  readonly open: boolean;
  /** With `open`: the most columns that rows can have, where `map.only` names them all. */
  readonly named?: readonly Column[];
  /** Outgoing name → incoming name, where the cell is carried over such that different stays different. */
  readonly lineage: ReadonlyMap<string, string>;
}

/**
 * The way of rows between source and sink: parse, check, map, as, empty and nulls, the row function, then the mask. Compiled once
 * for each identity of `Batch.columns`. With an open source, names that a batch lacks are attributes that
 * its rows lack.
 */
export class Transform {
  readonly #options: TransformOptions;
  readonly #watch: Watch;
  readonly #open: boolean;
  readonly #key: readonly string[];
  readonly #compiled = new WeakMap<readonly Column[], Compiled>();
  readonly #rowStage: RowFunctionStage | undefined;
  readonly #maskStage: MaskStage | undefined;

  /**
   * `key`: the outgoing columns that a row function must leave as they are, and that the row of an item which is gone
   * must have: such a row is not checked, and no row function sees it.
   */
  constructor(options: TransformOptions, open: boolean, key: readonly string[] = []) {
    this.#watch = {};
    this.#options = { ...options, watch: this.#watch };
    this.#open = open;
    this.#key = key;
    this.#rowStage = options.row ? new RowFunctionStage(options.row, this.#key) : undefined;
    this.#maskStage = options.mask && new MaskStage(options.mask, open || options.row !== undefined);
  }

  /** Throws column_missing, declaration_invalid or mask_unfit if `map` or `mask` does not fit the columns. */
  outline(columns: readonly Column[]): Outline {
    const compiled = this.#compile(columns);
    const mask = this.#maskStage;
    const open = this.#open || this.#rowStage !== undefined;
    const named = this.#open && !this.#rowStage ? namedColumns(compiled.columns, this.#options) : undefined;
    if (!mask)
      return { columns: compiled.columns, open, lineage: compiled.lineage, ...(named ? { named } : {}) };
    const lineage = new Map([...compiled.lineage].filter(([name]) => mask.keepsApart(name)));
    return {
      columns: mask.columns(compiled.columns),
      open,
      lineage,
      ...(named ? { named: mask.columns(named) } : {}),
    };
  }

  /**
   * From now on rows are compared with the schemas of `check`, or with the first of them. Undefined where nothing is
   * parsed and nothing is checked: such rows may never become anything but bytes.
   */
  watchDrift(): Drift | undefined {
    const { parse, checks = [] } = this.#options;
    if (!parse && checks.length === 0) return undefined;
    const shapes = checks.flatMap(({ of, schema: { shape } }) =>
      of === undefined ? [] : [[of, shape] as const],
    );
    const whole = checks.find(({ of }) => of === undefined)?.schema.shape;
    this.#watch.drift = new Drift(new Map(shapes), whole);
    return this.#watch.drift;
  }

  /** Rows that the source refused (`Batch.refused`) are dropped with its reasons. */
  apply(batch: Batch): Transformed {
    return batch.refused ? readableRows(batch, (rest) => this.apply(rest)) : this.#applyAll(batch);
  }

  #applyAll(batch: Batch): Transformed {
    const compiled = this.#compile(batch.columns);
    const passes = !this.#rowStage && !this.#maskStage && (!compiled.change || compiled.onlyLooks === true);
    const hasRemoves = batch.changes !== undefined && hasAny(batch.changes, ['remove']);
    if (passes && !compiled.change && !hasRemoves) return { batch, dropped: [] };
    const made = this.#mapped(batch, compiled);
    // Bytes stay bytes (AttributeRows) where no row is left out.
    if (passes && made.dropped.length === 0) return { batch, dropped: [] };
    const columns = this.#rowStage ? this.#rowStage.columns(compiled.columns) : compiled.columns;
    return this.#maskStage
      ? masked(made, batch, columns, this.#maskStage)
      : transformed(made, batch, columns);
  }

  #mapped({ rows, changes }: Batch, compiled: Compiled): Passed {
    const bytes = this.#rowStage || changes ? undefined : compiled.bytes;
    const made = rows instanceof AttributeRows ? bytes?.apply(rows) : undefined;
    if (made) return made;
    return passed(rows.entries(), (row, index) => this.#change(row, changes?.at(index), compiled));
  }

  #change(row: Row, change: Change | undefined, compiled: Compiled): Row | Refusal {
    const isGone = change !== undefined && isRemove(change);
    const become = isGone ? compiled.remove : compiled.change;
    const mapped = become ? become(row, change) : row;
    const stage = this.#rowStage;
    if (!stage || mapped instanceof Refusal) return mapped;
    return isGone ? stage.carry(mapped, compiled.columns) : stage.apply(mapped, compiled.columns);
  }

  #compile(columns: readonly Column[]): Compiled {
    let compiled = this.#compiled.get(columns);
    if (!compiled) {
      compiled = compile(this.#options, columns, this.#open, this.#key);
      this.#compiled.set(columns, compiled);
    }
    return compiled;
  }
}

/** Of an open source whose rows have no more columns than `only` names: these, whether any row has been seen with them or not. */
function namedColumns(known: readonly Column[], { map }: TransformOptions): readonly Column[] | undefined {
  if (!map?.only) return undefined;
  const names: readonly string[] = Array.isArray(map.only) ? map.only : Object.keys(map.only);
  const byName = new Map(known.map((column) => [column.name, column]));
  for (const name of names) {
    if (byName.has(name)) continue;
    const column: Column = { name, type: 'attribute', nullable: true };
    const as = map.as && Object.hasOwn(map.as, name) ? map.as[name] : undefined;
    byName.set(name, as ? compileAs(column, as).column : column);
  }
  const inOrder = names.flatMap((name) => byName.get(name) ?? []);
  return Object.freeze([...inOrder, ...known.filter(({ name }) => !names.includes(name))]);
}

/** Rows that went through a stage, each with its index in the batch that came in, and those that did not. */
interface Passed {
  readonly rows: Rows;
  /** May be empty where nothing was dropped. */
  readonly origin: readonly number[];
  readonly dropped: readonly Dropped[];
}

function isRemove({ event }: Change): boolean {
  return event === 'remove';
}

function passed(
  entries: Iterable<readonly [number, Row]>,
  stage: (row: Row, index: number) => Row | Refusal,
): Passed {
  const rows: Row[] = [];
  const origin: number[] = [];
  const dropped: Dropped[] = [];
  for (const [index, row] of entries) {
    const changed = stage(row, index);
    if (changed instanceof Refusal) dropped.push({ row: index, refusal: changed });
    else {
      rows.push(changed);
      origin.push(index);
    }
  }
  return { rows, origin, dropped };
}

/** All rows have their columns by now: a row function may have added some with the last row. */
function masked(made: Passed, batch: Batch, columns: readonly Column[], stage: MaskStage): Transformed {
  const entries = made.rows.map((row, place) => [made.origin[place] ?? place, row] as const);
  const { rows, origin, dropped } = passed(entries, (row) => stage.apply(row, columns));
  const all = [...made.dropped, ...dropped].sort((one, other) => one.row - other.row);
  return transformed({ rows, origin, dropped: all }, batch, stage.columns(columns));
}

function transformed(
  { rows, origin, dropped }: Passed,
  batch: Batch,
  columns: readonly Column[],
): Transformed {
  const { changes: all, ...rest } = batch;
  // Without a refusal, `origin` counts from 0 on.
  const changes = all && (dropped.length === 0 ? all : origin.flatMap((index) => all.at(index) ?? []));
  const result = { ...rest, columns, rows, ...(changes ? { changes } : {}) };
  return dropped.length === 0 ? { batch: result, dropped } : { batch: result, origin, dropped };
}
