import type { ComparableRow, Comparison, RowSum } from '../../connectors/comparison.js';
import type { Part } from '../../connectors/connector.js';
import { isLastWins } from '../copy-run.js';
import type { CopyPlan } from '../plan.js';
import { countRead } from './gather.js';
import type { VerifyRun } from './verification.js';

/** Parts of about so many rows are summed up at once. */
const PART_ROWS = 20_000;
const MAX_PARTS = 2000;
/** Parts summed up side by side. */
const LANES = 2;

/** Parts of a table that are equal, found without reading their rows; the others are to be compared row by row. */
export interface EqualParts {
  readonly equal: number;
  readonly others: readonly Part[];
  /** The sink's rows of one part. */
  rows(part: Part): AsyncIterable<readonly ComparableRow[]>;
}

/**
 * Where rows go as they are from one table into another that prints them alike, both servers sum up their rows part by
 * part, and equal sums need no second look. Undefined where that is not so.
 */
export async function findEqualParts(
  plan: CopyPlan,
  comparison: Comparison,
  run: VerifyRun,
): Promise<EqualParts | undefined> {
  if (!isPlain(plan) || isLastWins(plan) || !plan.source.sums || !comparison.sums) return undefined;
  const there = await comparison.sums();
  if (!there) return undefined;
  const wanted = Math.ceil((plan.description.rows ?? 0) / PART_ROWS);
  const here = await plan.source.sums(there.columns, Math.min(MAX_PARTS, Math.max(1, wanted)));
  if (!here || here.form !== there.form) return undefined;
  const others: Part[] = [];
  let equal = 0;
  const waiting = [...here.parts];
  const lane = async (): Promise<void> => {
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      run.signal.throwIfAborted();
      const [mine, theirs] = await Promise.all([here.sum(part), there.sum(part)]);
      if (!isSame(mine, theirs)) {
        others.push(part);
        continue;
      }
      equal += mine.rows;
      countRead(run.counters.source, mine.rows);
      countRead(run.counters.sink, theirs.rows);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { equal, others, rows: (part) => there.rows(part) };
}

function isSame(one: RowSum, other: RowSum): boolean {
  return one.rows === other.rows && one.sum === other.sum;
}

/** Nothing happens to rows on their way. */
function isPlain({ step }: CopyPlan): boolean {
  const isMapped = Object.values(step.map).some((change) => change !== undefined);
  const isChanged = isMapped || step.row !== undefined || step.mask !== undefined;
  return !isChanged && step.empty === 'keep' && step.nulls === 'keep';
}
