import type { ComparableRow, Comparison } from '../../connectors/comparison.js';
import { guardDeletes } from '../../connectors/deletes-limit.js';
import { SluiceError } from '../../errors.js';
import { runCopy } from '../copy.js';
import type { CopyRun } from '../copy-run.js';
import type { StepJournal } from '../journal.js';
import type { CopyPlan } from '../plan.js';
import { DifferingSource } from './differing-source.js';
import { readAll } from './places.js';
import { lookAgain, lookEverywhere } from './second-look.js';
import type { FoundDifference, Verification } from './verification.js';

/** Rows that are deleted, or looked for, at once. */
const ROWS_AT_ONCE = 1000;

/** What a repair will do, by the report. */
export interface RepairPlan {
  readonly writes: number;
  readonly deletes: number;
}

/** What a repair has done. */
export interface Repaired {
  readonly written: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly deleted: number;
  /** Rows of the report that differ still. */
  readonly left: number;
}

export function planRepair(step: Verification, deletesExtras: boolean): RepairPlan {
  const writes = step.found.filter(({ kind }) => kind !== 'extra').length;
  return { writes, deletes: deletesExtras ? step.extra : 0 };
}

/** The two sides of a repair: how rows are compared, and a sink that writes single rows. */
export interface Repair {
  readonly step: Verification;
  readonly plan: CopyPlan;
  readonly comparison: Comparison;
  /** The same copy, with a sink that was made to write single rows (`Context.replay`). */
  readonly mending: CopyPlan;
  readonly run: Omit<CopyRun, 'journal'>;
}

/**
 * Writes the rows that are missing or changed, as they are in the source now, by the sink's own writers; deletes
 * extra rows where the mode does; then looks at all of these rows again.
 */
export async function repairCopy(repair: Repair): Promise<Repaired> {
  const { step, plan, comparison, mending, run } = repair;
  const differing = step.found.filter(({ kind }) => kind !== 'extra');
  const extras = comparison.extras === 'different' ? step.found.filter(({ kind }) => kind === 'extra') : [];
  if (extras.length > 0) guardExtras(repair, extras.length);
  const written =
    differing.length === 0
      ? { written: 0, unchanged: 0, rejected: 0 }
      : await runCopy(
          { ...mending, source: new DifferingSource(plan, comparison, step, wanted(differing)) },
          { ...run, journal: forgetfulJournal() },
        );
  const extra = await deleteExtras(repair, extras);
  const still = comparison.keyed
    ? await differingStill(repair, differing)
    : differing.length - written.written;
  const { unchanged, rejected } = written;
  return { written: written.written, unchanged, rejected, deleted: extra.deleted, left: still + extra.left };
}

function wanted(differing: readonly FoundDifference[]): Map<number, Map<string, number>> {
  const places = new Map<number, Map<string, number>>();
  for (const { place = 0, name } of differing) {
    const names = places.get(place) ?? new Map<string, number>();
    places.set(place, names);
    names.set(name, (names.get(name) ?? 0) + 1);
  }
  return places;
}

/** A repair that is interrupted is done again: it writes only what differs then. */
function forgetfulJournal(): StepJournal {
  const done = async () => undefined;
  return {
    past: { copied: new Set(), intents: [], commits: new Map(), next: new Map(), moved: false },
    window: done,
    begin: done,
    copied: done,
    seen: done,
    intend: done,
    rewind: done,
    commit: done,
    moved: done,
    complete: done,
  };
}

/** The deletes guard, before anything is written (invariant 6). */
function guardExtras({ step, comparison }: Repair, extras: number): void {
  if (!comparison.keyed) {
    throw new SluiceError(
      'unsupported',
      `${step.name}: extra rows without a key cannot be deleted one by one`,
      {
        hint: 'run the pipeline again, which replaces the table',
      },
    );
  }
  if (step.unkeyed > 0) {
    throw new SluiceError(
      'deletes_exceeded',
      `${step.name}: ${step.unkeyed} rejected rows have keys that are not known, so rows that seem extra may be theirs`,
      { hint: 'mend or drop the rejected rows, then verify again; nothing was written' },
    );
  }
  guardDeletes(step.name, extras, step.sinkRows, comparison.deletesLimit);
}

/** Deletes those extra rows that the source still lacks: all of it is read for that. */
async function deleteExtras(
  { plan, comparison }: Repair,
  extras: readonly FoundDifference[],
): Promise<{ readonly deleted: number; readonly left: number }> {
  if (extras.length === 0) return { deleted: 0, left: 0 };
  const names = new Set(extras.map(({ name }) => name));
  const found = await rowsNamed(plan, comparison, names);
  if (found === undefined) return { deleted: 0, left: extras.length };
  let deleted = 0;
  for (const some of chunks([...names].filter((name) => !found.has(name)))) {
    deleted += await comparison.remove(some);
  }
  let left = 0;
  for (const some of chunks([...names])) {
    for (const [name, there] of await comparison.fetch(some)) {
      const row = found.get(name);
      if (!row || comparison.differences(row, there).length > 0) left++;
    }
  }
  return { deleted, left };
}

/** The rows of these names that the source has by now; undefined where it has rows of which no key is known. */
async function rowsNamed(
  plan: CopyPlan,
  comparison: Comparison,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ComparableRow> | undefined> {
  const found = new Map<string, ComparableRow>();
  for await (const incoming of readAll(plan)) {
    const { batch, dropped } = plan.transform.apply(incoming);
    if (dropped.length > 0) return undefined;
    for (const row of comparison.expected(batch)) {
      if (row.key === undefined) return undefined;
      if (names.has(row.key)) found.set(row.key, 'refused' in row ? { key: row.key, content: '' } : row);
    }
  }
  return found;
}

/** Rows that were to be mended and differ still. */
async function differingStill(
  { step, plan, comparison, run }: Repair,
  differing: readonly FoundDifference[],
): Promise<number> {
  const once = { settle: 1, rejectedKeys: new Set<string>(), signal: run.signal };
  const lost = new Map<string, number>();
  let left = 0;
  for (const [place, names] of wanted(differing)) {
    const asked = { place, names: [...names.keys()] };
    const looked = await lookAgain(plan, comparison, step, asked, once);
    left += looked.found.length;
    for (const [name, from] of looked.lost) lost.set(name, from);
  }
  return left + (await lookEverywhere(plan, comparison, lost, once)).found.length;
}

function* chunks<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += ROWS_AT_ONCE) yield all.slice(start, start + ROWS_AT_ONCE);
}
