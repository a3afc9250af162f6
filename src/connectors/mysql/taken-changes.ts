import type { Change, Changes } from '../../values/batch.js';
import type { Refused } from '../connector.js';
import { changeIdentity } from '../handed-token.js';

/** What the ledger keeps of a batch of changes that was handed over: as JSON in `rejects`. */
export interface TakenBatch {
  readonly rejects: readonly Refused[];
  /** Which changes its rows were, in their order: see `packedIdentities`. */
  readonly changes: string;
}

/**
 * For each change what is added to the number of the one before it, and its item: of a shard the numbers lie close
 * together.
 */
export function packedIdentities(changes: Changes): string {
  let before = 0n;
  const identities: string[] = [];
  for (const { sequence, item = '' } of changes) {
    const number = BigInt(sequence);
    identities.push(`${number - before}.${item}`);
    before = number;
  }
  return identities.join(' ');
}

function unpacked(packed: string): readonly Pick<Change, 'sequence' | 'item'>[] {
  if (packed === '') return [];
  let number = 0n;
  return packed.split(' ').map((one) => {
    const [added = '0', item = ''] = one.split('.');
    number += BigInt(added);
    return { sequence: `${number}`, item };
  });
}

/** What became of those of the changes that the batches hold, by `changeIdentity`: why one was refused, or undefined. */
export function takenOf(
  changes: Changes,
  batches: readonly TakenBatch[],
): ReadonlyMap<string, Omit<Refused, 'row'> | undefined> {
  const taken = new Map<string, Omit<Refused, 'row'> | undefined>();
  for (const { changes: packed, rejects } of batches) {
    const reasons = new Map(rejects.map(({ row, ...reason }) => [row, reason]));
    for (const [row, change] of unpacked(packed).entries())
      taken.set(changeIdentity(change), reasons.get(row));
  }
  const found = [...changes].flatMap((change): [string, Omit<Refused, 'row'> | undefined][] => {
    // Numbers are kept without the zeros that one may begin with.
    const { sequence, ...rest } = change;
    const known = changeIdentity({ ...rest, sequence: `${BigInt(sequence)}` });
    return taken.has(known) ? [[changeIdentity(change), taken.get(known)]] : [];
  });
  return new Map(found);
}
