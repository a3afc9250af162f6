import { SluiceError } from '../../errors.js';
import { retried } from '../aws-calls.js';
import type { Context } from '../connector.js';
import { entryFailure, tornAnswer } from './failures.js';
import type { BatchAnswer } from './service.js';

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const MAX_ENTRIES = 10;

/** What became of an entry of a batch call: undefined where it was carried out. */
export type Outcome = SluiceError | undefined;

/**
 * Makes a batch call again with the entries that failed, until each was carried out or refused for good, or the patience
 * of the run is over. Gives the entries that were not carried out, each with its last failure. Throws when calls fail
 * as a whole.
 */
export async function untilDone<Entry>(
  context: Context,
  entries: readonly Entry[],
  attempt: (left: readonly Entry[]) => Promise<readonly Outcome[]>,
): Promise<ReadonlyMap<Entry, SluiceError>> {
  const failed = new Map<Entry, SluiceError>();
  let left = entries;
  let last: Outcome;
  try {
    await retried(context, async () => {
      const outcomes = await attempt(left);
      last = undefined;
      const again: Entry[] = [];
      for (const [index, entry] of left.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) continue;
        if (outcome.retry === 'never') failed.set(entry, outcome);
        else {
          again.push(entry);
          last = outcome;
        }
      }
      left = again;
      if (last !== undefined) throw last;
    });
  } catch (error) {
    if (error !== last || !(error instanceof SluiceError)) throw error;
    for (const entry of left) failed.set(entry, error);
  }
  return failed;
}

/** What became of the entries whose `Id` is their place: each must be told of. */
export function outcomesOf<Done extends { Id: string | undefined }>(
  action: string,
  count: number,
  answer: BatchAnswer<Done>,
  check: (done: Done, index: number) => Outcome = () => undefined,
): Outcome[] {
  const done = new Map(answer.Successful?.map((entry) => [entry.Id, entry]));
  const failed = new Map(answer.Failed?.map((entry) => [entry.Id, entry]));
  return Array.from({ length: count }, (_, index) => {
    const id = String(index);
    const failure = failed.get(id);
    if (failure !== undefined) return entryFailure(action, failure);
    const success = done.get(id);
    return success === undefined
      ? tornAnswer(action, 'the answer does not tell of every entry')
      : check(success, index);
  });
}

/** In groups of at most ten. */
export function inTens<Entry>(entries: readonly Entry[]): Entry[][] {
  const groups: Entry[][] = [];
  for (let start = 0; start < entries.length; start += MAX_ENTRIES) {
    groups.push(entries.slice(start, start + MAX_ENTRIES));
  }
  return groups;
}
