import type { Comparison } from '../../connectors/comparison.js';
import type {
  FoundRow,
  KeyValues,
  Part,
  Source,
  SourceDescription,
  SourceReport,
  Uniqueness,
} from '../../connectors/connector.js';
import type { Batch } from '../../values/batch.js';
import type { Row } from '../../values/cell.js';
import { isLastWins } from '../copy-run.js';
import type { CopyPlan } from '../plan.js';
import { readAll, readPlace, type SourcePlaces } from './places.js';
import { nameOf } from './records.js';

/** Rows to be found again: by the place where they were read, how often each name is wanted. */
export type WantedRows = ReadonlyMap<number, ReadonlyMap<string, number>>;

/** The rows of a source that differ, and no others: what a repair copies. */
export class DifferingSource implements Source {
  readonly #plan: CopyPlan;
  readonly #comparison: Comparison;
  readonly #side: SourcePlaces;
  readonly #wanted: WantedRows;

  constructor(plan: CopyPlan, comparison: Comparison, side: SourcePlaces, wanted: WantedRows) {
    this.#plan = plan;
    this.#comparison = comparison;
    this.#side = side;
    this.#wanted = wanted;
  }

  describe(): Promise<SourceDescription> {
    return this.#plan.source.describe();
  }

  async parts(): Promise<readonly Part[]> {
    return [{ id: '0', range: '{}' }];
  }

  async *read(): AsyncGenerator<Batch> {
    const lost = new Map<string, number>();
    for (const [place, names] of this.#wanted) {
      const left = new Map(names);
      yield* this.#wantedOf(readPlace(this.#plan, this.#side, place), left);
      for (const [name, count] of left) lost.set(name, count);
    }
    // Rows that lie elsewhere by now. Without keys there is no telling which of equal rows these are.
    if (lost.size > 0 && this.#comparison.keyed) yield* this.#wantedOf(readAll(this.#plan), lost);
  }

  unique(columns: readonly string[]): Promise<Uniqueness> {
    return this.#plan.source.unique(columns);
  }

  find(key: KeyValues): Promise<FoundRow | undefined> {
    return this.#plan.source.find(key);
  }

  report(): SourceReport {
    return this.#plan.source.report();
  }

  close(): Promise<void> {
    return this.#plan.source.close();
  }

  /**
   * Rows that are not wanted are left out; so are those that came to be refused. With `duplicates: last` all rows of a
   * name are given, in order: the sink keeps the last. What was found is taken out of `left`.
   */
  async *#wantedOf(batches: AsyncIterable<Batch>, left: Map<string, number>): AsyncGenerator<Batch> {
    const givesAll = isLastWins(this.#plan);
    const names = new Map(left);
    for await (const incoming of batches) {
      const { batch, origin } = this.#plan.transform.apply(incoming);
      const rows: Row[] = [];
      for (const [index, row] of this.#comparison.expected(batch).entries()) {
        if ('refused' in row) continue;
        const name = nameOf(row, this.#comparison.keyed);
        const count = (givesAll ? names : left).get(name) ?? 0;
        if (count === 0) continue;
        if (count > 1) left.set(name, count - 1);
        else left.delete(name);
        rows.push(incoming.rows.at(origin?.[index] ?? index) ?? []);
      }
      if (rows.length > 0) {
        const bytes = Math.round((incoming.bytes * rows.length) / incoming.rows.length);
        yield { columns: incoming.columns, rows, bytes };
      }
      if (left.size === 0 && !givesAll) return;
    }
  }
}
