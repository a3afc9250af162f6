import type { Batch, Change } from '../values/batch.js';
import type { Refused } from './connector.js';

/** More digits than any service's sequence numbers have. */
const SEQUENCE = /^\d{1,65}$/;

/** The changes of a batch by the keys of their rows, so that only the last good one of each key is applied. */
export interface ChangeChains {
  /** Of each key the newest change, by row, ascending. */
  readonly newest: readonly number[];
  /** Changes that no row can be found for: a part of the key is missing or does not fit. */
  readonly refused: readonly Refused[];
  /** Changes that are left out by the declaration (`ttlDeletes: ignore`). */
  readonly ignored: number;
  /** The change of the same key before this one: what stands when this one is refused. */
  before(row: number): number | undefined;
}

export interface ChainRequest {
  readonly batch: Batch;
  readonly ttlDeletes: 'apply' | 'ignore' | undefined;
  /** A name that is equal for two rows exactly if their keys are; or why the row has no key. */
  readonly keyOf: (row: number) => string | Omit<Refused, 'row'>;
}

export function changeChains({ batch, ttlDeletes, keyOf }: ChainRequest): ChangeChains {
  const changes = changesOf(batch);
  const chains = new Map<string, number[]>();
  const refused: Refused[] = [];
  let ignored = 0;
  for (const [row, { event, expired, sequence }] of changes.entries()) {
    if (!SEQUENCE.test(sequence)) throw new RangeError('a sequence number is not decimal digits');
    if (ttlDeletes === 'ignore' && event === 'remove' && expired === true) {
      ignored++;
      continue;
    }
    const key = keyOf(row);
    if (typeof key !== 'string') {
      refused.push({ row, ...key });
      continue;
    }
    const chain = chains.get(key);
    if (chain) chain.push(row);
    else chains.set(key, [row]);
  }
  return { ...ordered(changes, chains), refused, ignored };
}

/** The batch's changes, one for each row, for whoever looks at them more than once. */
export function changesOf({ changes, rows }: Batch): readonly Change[] {
  if (changes?.length === rows.length) return [...changes];
  throw new RangeError('a batch of changes does not say what happened to each row');
}

function ordered(
  changes: readonly Change[],
  chains: ReadonlyMap<string, number[]>,
): Pick<ChangeChains, 'newest' | 'before'> {
  const newest: number[] = [];
  const before = new Map<number, number>();
  for (const chain of chains.values()) {
    if (chain.length > 1) chain.sort((one, other) => compareChanges(changes, one, other));
    let earlier: number | undefined;
    for (const row of chain) {
      if (earlier !== undefined) before.set(row, earlier);
      earlier = row;
    }
    if (earlier !== undefined) newest.push(earlier);
  }
  return { newest: newest.sort((one, other) => one - other), before: (row) => before.get(row) };
}

/** By sequence number, digit by digit: they have more digits than a double. Of the same change the one that came last. */
function compareChanges(changes: readonly Change[], one: number, other: number): number {
  const [first, second] = [one, other].map((row) => (changes[row]?.sequence ?? '').replace(/^0+/, ''));
  if (first === undefined || second === undefined || first === second) return one - other;
  if (first.length !== second.length) return first.length - second.length;
  return first < second ? -1 : 1;
}
