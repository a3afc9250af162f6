import { setTimeout as sleep } from 'node:timers/promises';
import type { ComparableRow, Comparison } from '../../connectors/comparison.js';
import { isLastWins } from '../copy-run.js';
import type { CopyPlan } from '../plan.js';
import { rejectRecord } from '../rejects.js';
import { readPlace, type SourcePlaces } from './places.js';
import { nameOf } from './records.js';
import type { FoundDifference, VerifyRun } from './verification.js';

/** Between two looks at a row that differs, where more than one is wanted. */
const LOOK_AGAIN_MS = 1000;

/** What became of rows that were looked at again. */
export interface Looked {
  readonly found: readonly FoundDifference[];
  /** They do not differ, or not any more. */
  readonly equal: number;
  /** The source lacks them by now, or a copy would refuse them. */
  readonly gone: number;
  /** The sink lacks them because the last run rejected them. */
  readonly rejected: number;
}

/** A row of the source as a copy would write it now. */
export interface SourceRow {
  readonly row: ComparableRow;
  /** Its key in the source, as rejects hold it. */
  readonly rejectKey: string;
}

/** Looks at rows of one place on both sides, as they are now: what differed for a moment does not count. */
export async function lookAgain(
  plan: CopyPlan,
  comparison: Comparison,
  side: SourcePlaces,
  asked: { readonly place: number; readonly names: readonly string[] },
  run: Pick<VerifyRun, 'settle' | 'rejectedKeys' | 'signal'>,
): Promise<Looked> {
  const { place } = asked;
  let names = asked.names;
  let equal = 0;
  let gone = 0;
  for (let look = 1; ; look++) {
    const rows = await sourceRows(plan, comparison, side, place, new Set(names));
    const there = await comparison.fetch([...rows.keys()]);
    const found: FoundDifference[] = [];
    let rejected = 0;
    for (const name of names) {
      const source = rows.get(name);
      if (!source) {
        gone++;
        continue;
      }
      const verdict = judge(comparison, source, there.get(name), name, place);
      if (verdict === undefined) equal++;
      else if (verdict.kind === 'missing' && run.rejectedKeys.has(source.rejectKey)) rejected++;
      else found.push(verdict);
    }
    if (look >= run.settle || found.length === 0) return { found, equal, gone, rejected };
    names = found.map(({ name }) => name);
    await sleep(LOOK_AGAIN_MS, undefined, { signal: run.signal });
  }
}

/** The difference of a row, or undefined where there is none. */
function judge(
  comparison: Comparison,
  source: SourceRow,
  there: ComparableRow | undefined,
  name: string,
  place: number,
): FoundDifference | undefined {
  const key = comparison.keyValues(name);
  if (!there) return { kind: 'missing', name, place, key };
  const columns = comparison.differences(source.row, there);
  return columns.length === 0 ? undefined : { kind: 'changed', name, place, key, columns };
}

/** Those of the named rows that the place of the source holds now. */
async function sourceRows(
  plan: CopyPlan,
  comparison: Comparison,
  side: SourcePlaces,
  place: number,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, SourceRow>> {
  const found = new Map<string, SourceRow>();
  for await (const incoming of readPlace(plan, side, place)) {
    const { batch, origin } = plan.transform.apply(incoming);
    for (const [index, row] of comparison.expected(batch).entries()) {
      if ('refused' in row) continue;
      const name = nameOf(row, comparison.keyed);
      if (names.has(name))
        found.set(name, { row, rejectKey: rejectKey(plan, incoming, origin?.[index] ?? index) });
    }
    if (found.size === names.size && !isLastWins(plan)) break;
  }
  return found;
}

function rejectKey(plan: CopyPlan, incoming: Parameters<typeof rejectRecord>[1], row: number): string {
  const about = { step: plan.name, run: '', part: '', token: '', key: plan.description.key };
  return JSON.stringify(rejectRecord({ row, code: 'write_refused', message: '' }, incoming, about).key);
}
