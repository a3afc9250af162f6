import type { Changes } from '../../values/batch.js';
import type { Refused } from '../connector.js';

/** What the ledger keeps of a batch of changes that was handed over: as JSON in `rejects`. */
export interface TakenBatch {
  readonly rejects: readonly Refused[];
  /** The sequence numbers of its rows, in their order: see `packedSequences`. */
  readonly sequences: string;
}

/** The first number, and for each other the difference to the one before it: of a shard they lie close together. */
export function packedSequences(changes: Changes): string {
  let before = 0n;
  const steps: string[] = [];
  for (const { sequence } of changes) {
    const number = BigInt(sequence);
    steps.push((number - before).toString(36));
    before = number;
  }
  return steps.join(' ');
}

/** The numbers again, without the zeros that one may have begun with. */
function unpackedSequences(packed: string): readonly bigint[] {
  let sum = 0n;
  return packed === '' ? [] : packed.split(' ').map((step) => (sum += parsed(step)));
}

function parsed(step: string): bigint {
  const isNegative = step.startsWith('-');
  let number = 0n;
  for (const digit of isNegative ? step.slice(1) : step)
    number = number * 36n + BigInt(Number.parseInt(digit, 36));
  return isNegative ? -number : number;
}

/** What became of those of the changes that the batches hold: why one was refused, or undefined. */
export function takenOf(
  changes: Changes,
  batches: readonly TakenBatch[],
): ReadonlyMap<string, Omit<Refused, 'row'> | undefined> {
  const taken = new Map<bigint, Omit<Refused, 'row'> | undefined>();
  for (const { sequences, rejects } of batches) {
    const reasons = new Map(rejects.map(({ row, ...reason }) => [row, reason]));
    for (const [row, sequence] of unpackedSequences(sequences).entries())
      taken.set(sequence, reasons.get(row));
  }
  const found = [...changes].flatMap(({ sequence }): [string, Omit<Refused, 'row'> | undefined][] => {
    const number = BigInt(sequence);
    return taken.has(number) ? [[sequence, taken.get(number)]] : [];
  });
  return new Map(found);
}
