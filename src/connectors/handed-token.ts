/** Names of batches of changes that a service hands over: of those that overlap, each is found by the numbers of the other. */
import type { Change, Changes } from '../values/batch.js';

const PREFIX = 'handed.';
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html */
const DIGITS = 40;

/** What tells a change from all others of its table: numbers of different items may be the same. */
export function changeIdentity({ sequence, item = '' }: Pick<Change, 'sequence' | 'item'>): string {
  return `${sequence}.${item}`;
}

/** By the last number first, so that what lies behind a change is a range of names. */
export function handedToken(changes: Changes): string {
  const { lowest, highest } = boundsOf(changes);
  const { item = '' } = changes.at(changes.length - 1) ?? {};
  return `${PREFIX}${padded(highest)}.${padded(lowest)}.${item}`;
}

/** The names of batches that may hold one of the changes: from `from` on, and from their second number on below another text. */
export function overlapping(changes: Changes): {
  readonly from: string;
  readonly below: string;
  readonly secondAt: number;
  readonly secondBelow: string;
} {
  const { lowest, highest } = boundsOf(changes);
  return {
    from: `${PREFIX}${padded(lowest)}`,
    // What follows a digit.
    below: `${PREFIX}:`,
    secondAt: PREFIX.length + DIGITS + 1,
    secondBelow: `${padded(highest)}:`,
  };
}

function boundsOf(changes: Changes): { readonly lowest: bigint; readonly highest: bigint } {
  let lowest: bigint | undefined;
  let highest = 0n;
  for (const { sequence } of changes) {
    const number = BigInt(sequence);
    if (lowest === undefined || number < lowest) lowest = number;
    if (number > highest) highest = number;
  }
  return { lowest: lowest ?? 0n, highest };
}

function padded(sequence: bigint): string {
  return sequence.toString().padStart(DIGITS, '0');
}
