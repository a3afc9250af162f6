import { setTimeout as sleep } from 'node:timers/promises';
import type { ComparableRow, Comparison } from '../../connectors/comparison.js';
import type { Batch } from '../../values/batch.js';
import { isLastWins } from '../copy-run.js';
import type { CopyPlan } from '../plan.js';
import { rejectRecord } from '../rejects.js';
import { readAll, readPlace, type SourcePlaces } from './places.js';
import { nameOf } from './records.js';
import type { FoundDifference, VerifyRun } from './verification.js';

/** Between two looks at a row that differs, where more than one is wanted. */
const LOOK_AGAIN_MS = 1000;

/** What became of rows that were looked at again. */
export interface Looked {
  readonly found: readonly FoundDifference[];
  /** They do not differ, or not any more. */
  readonly equal: number;
  /** The sink lacks them because the last run rejected them. */
  readonly rejected: number;
  /** They do not lie any more where they were read: by name, the place. */
  readonly lost: ReadonlyMap<string, number>;
}

/** A row of the source as a copy would write it now. */
interface SourceRow {
  readonly row: ComparableRow;
  /** Its key in the source, as rejects hold it. */
  readonly rejectKey: string;
}

type LookRun = Pick<VerifyRun, 'settle' | 'rejectedKeys' | 'signal'>;

/** Looks at rows of one place on both sides, as they are now: what differed for a moment does not count. */
export async function lookAgain(
  plan: CopyPlan,
  comparison: Comparison,
  side: SourcePlaces,
  asked: { readonly place: number; readonly names: readonly string[] },
  run: LookRun,
): Promise<Looked> {
  const lost = new Map<string, number>();
  let names = new Map(asked.names.map((name) => [name, asked.place]));
  let equal = 0;
  let rejected = 0;
  for (let look = 1; ; look++) {
    const rows = await rowsNamed(plan, comparison, readPlace(plan, side, asked.place), names);
    for (const name of names.keys()) if (!rows.has(name)) lost.set(name, asked.place);
    const looked = await judgeAll(comparison, rows, names, run);
    equal += looked.equal;
    rejected += looked.rejected;
    if (look >= run.settle || looked.found.length === 0)
      return { found: looked.found, equal, rejected, lost };
    names = new Map(looked.found.map(({ name }) => [name, asked.place]));
    await sleep(LOOK_AGAIN_MS, undefined, { signal: run.signal });
  }
}

/** Looks for rows in the whole source that are not any more where they were read. Those that it lacks stay lost. */
export async function lookEverywhere(
  plan: CopyPlan,
  comparison: Comparison,
  names: ReadonlyMap<string, number>,
  run: LookRun,
): Promise<Looked> {
  if (names.size === 0) return { found: [], equal: 0, rejected: 0, lost: new Map() };
  const rows = await rowsNamed(plan, comparison, readAll(plan), names);
  const looked = await judgeAll(comparison, rows, names, run);
  return { ...looked, lost: new Map([...names].filter(([name]) => !rows.has(name))) };
}

async function judgeAll(
  comparison: Comparison,
  rows: ReadonlyMap<string, SourceRow>,
  places: ReadonlyMap<string, number>,
  run: LookRun,
): Promise<Omit<Looked, 'lost'>> {
  const there = await comparison.fetch([...rows.keys()]);
  const found: FoundDifference[] = [];
  let equal = 0;
  let rejected = 0;
  for (const [name, source] of rows) {
    const verdict = judge(comparison, source, there.get(name), name, places.get(name) ?? 0);
    if (verdict === undefined) equal++;
    else if (verdict.kind === 'missing' && run.rejectedKeys.has(source.rejectKey)) rejected++;
    else found.push(verdict);
  }
  return { found, equal, rejected };
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

/** Those of the named rows that the batches hold. */
async function rowsNamed(
  plan: CopyPlan,
  comparison: Comparison,
  batches: AsyncIterable<Batch>,
  names: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, SourceRow>> {
  const found = new Map<string, SourceRow>();
  for await (const incoming of batches) {
    const { batch, origin } = plan.transform.apply(incoming);
    for (const [index, row] of comparison.expected(batch).entries()) {
      if ('refused' in row) continue;
      const name = nameOf(row, comparison.keyed);
      if (!names.has(name)) continue;
      found.set(name, { row, rejectKey: rejectKey(plan, incoming, origin?.[index] ?? index) });
    }
    if (found.size === names.size && !isLastWins(plan)) break;
  }
  return found;
}

function rejectKey(plan: CopyPlan, incoming: Batch, row: number): string {
  const about = { step: plan.name, run: '', part: '', token: '', key: plan.description.key };
  return JSON.stringify(rejectRecord({ row, code: 'write_refused', message: '' }, incoming, about).key);
}
