import { SluiceError } from '../../errors.js';
import type { Attribute, Cell, Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { Refusal } from '../refusal.js';
import { type MaskWay, maskColumn } from './mask-cell.js';
import type { MaskKey } from './mask-key.js';

/** Column, or path into a document (`profile.email`), to what becomes of it. */
export type Masks = Readonly<Record<string, MaskWay>>;

/** What a copy is masked with. */
export interface MaskOptions {
  readonly columns: Masks;
  readonly key: MaskKey;
}

/** How rows of one list of columns are masked. */
interface CompiledMasks {
  readonly columns: readonly Column[];
  readonly masks: readonly CellMask[];
}

interface CellMask {
  readonly index: number;
  mask(cell: Cell): Cell | Refusal;
}

/** The last stage of a transform: nothing that is masked goes on as it was. */
export class MaskStage {
  readonly #options: MaskOptions;
  /** A column that is named and does not come is a mistake; an attribute may be missing. */
  readonly #open: boolean;
  readonly #compiled = new WeakMap<readonly Column[], CompiledMasks>();

  constructor(options: MaskOptions, open: boolean) {
    this.#options = options;
    this.#open = open;
  }

  /** The columns after it. @throws SluiceError column_missing, mask_unfit */
  columns(incoming: readonly Column[]): readonly Column[] {
    return this.#compile(incoming).columns;
  }

  /** Whether different values of the column stay different. */
  keepsApart(column: string): boolean {
    return this.#options.columns[column] !== 'redact';
  }

  apply(row: Row, incoming: readonly Column[]): Row | Refusal {
    const masked = [...row];
    for (const { index, mask } of this.#compile(incoming).masks) {
      const cell = mask(masked[index]);
      if (cell instanceof Refusal) return new Refusal(cell.code, cell.message, incoming[index]?.name);
      masked[index] = cell;
    }
    return masked;
  }

  #compile(incoming: readonly Column[]): CompiledMasks {
    const known = this.#compiled.get(incoming);
    if (known) return known;
    const compiled = compile(this.#options, incoming, this.#open);
    this.#compiled.set(incoming, compiled);
    return compiled;
  }
}

function compile(
  { columns: ways, key }: MaskOptions,
  incoming: readonly Column[],
  open: boolean,
): CompiledMasks {
  const columns = [...incoming];
  const masks: CellMask[] = [];
  for (const [path, way] of Object.entries(ways)) {
    const index = rootIndex(path, incoming);
    const column = columns[index];
    if (!column) {
      if (open) continue;
      throw missing(path, incoming);
    }
    const below = path.slice(column.name.length + 1);
    const masked = maskColumn(column, way, key);
    if (masked instanceof Refusal) throw unfit(path, masked);
    if (below !== '' && column.type !== 'attribute') throw missing(path, incoming);
    columns[index] = masked.column;
    const { mask } = masked;
    masks.push({ index, mask: below === '' ? mask : (cell) => maskBelow(cell, below.split('.'), mask) });
  }
  return { columns: Object.freeze(columns), masks };
}

/** The column of that very name, else the one that the path begins with. */
function rootIndex(path: string, columns: readonly Column[]): number {
  const exact = columns.findIndex(({ name }) => name === path);
  const root = path.split('.')[0];
  return exact !== -1 ? exact : columns.findIndex(({ name }) => name === root);
}

/** A copy of the document with what stands at the path masked; `*` is each member of a list or map. */
function maskBelow(
  cell: Cell,
  path: readonly string[],
  mask: (cell: Cell) => Cell | Refusal,
): Cell | Refusal {
  const [step, ...rest] = path;
  if (step === undefined) return mask(cell);
  if (typeof cell !== 'object' || cell === null || cell instanceof Uint8Array) return cell;
  const isList = 'L' in cell;
  if (!isList && !('M' in cell)) return cell;
  const members: [string, Attribute][] = Object.entries(isList ? cell.L : cell.M);
  const masked: [string, Attribute][] = [];
  for (const [name, member] of members) {
    const value = step === '*' || step === name ? maskBelow(member, rest, mask) : member;
    if (value instanceof Refusal) return value;
    masked.push([name, value as Attribute]);
  }
  return isList ? { L: masked.map(([, member]) => member) } : { M: Object.fromEntries(masked) };
}

function missing(path: string, columns: readonly Column[]): SluiceError {
  return new SluiceError('column_missing', `mask names ${path}, which the rows do not have`, {
    path: 'mask',
    hint: `the names after map are: ${columns.map(({ name }) => name).join(', ')}`,
  });
}

function unfit(path: string, { message }: Refusal): SluiceError {
  return new SluiceError('mask_unfit', `mask of ${path}: ${message}`, { path: 'mask' });
}
