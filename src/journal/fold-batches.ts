import { addCounters, type Counters } from '../engine/counters.js';
import type { Intent } from '../engine/journal.js';

type IntentRecord = { readonly is: 'intent'; readonly step: string } & Intent;
interface CommitRecord {
  readonly is: 'commit';
  readonly step: string;
  readonly token: string;
  readonly counts: Counters;
}
type BatchRecord = IntentRecord | CommitRecord;

/** A batch that is in, or several that follow each other. */
interface Done {
  intent: IntentRecord;
  readonly commit: { is: 'commit'; step: string; token: string; counts: Counters };
}

/**
 * A run's records with fewer batches: those of one part that follow each other, are committed and hold no rejects are one
 * batch, under the token of the last. What is left of a part and what it has counted stays the same; which batch a row was in
 * is no longer told. A copy of 10⁹ rows has a million batches, and who goes on with it must not hold them all (invariant 7).
 * Gives the same of its own results with more records behind them as of all records at once.
 */
export function foldBatches(records: readonly unknown[]): readonly unknown[] {
  const folded: unknown[] = [];
  let batches: BatchRecord[] = [];
  const flush = () => {
    for (const record of foldSeries(batches)) folded.push(record);
    batches = [];
  };
  for (const record of records) {
    if (isBatch(record)) batches.push(record);
    else {
      flush();
      folded.push(record);
    }
  }
  flush();
  return folded;
}

function isBatch(record: unknown): record is BatchRecord {
  const { is } = record as { readonly is?: unknown };
  return is === 'intent' || is === 'commit';
}

/** Of records with none of another kind between them, which could say that batches are to be read again. */
function foldSeries(records: readonly BatchRecord[]): readonly object[] {
  const commits = new Map<string, CommitRecord>();
  for (const record of records) if (record.is === 'commit') commits.set(tokenOf(record), record);
  const last = new Map<string, Done>();
  const taken = new Set<string>();
  const kept: (BatchRecord | Done)[] = [];
  for (const record of records) {
    if (record.is === 'commit') {
      kept.push(record);
      continue;
    }
    const part = JSON.stringify([record.step, record.part]);
    const commit = commits.get(tokenOf(record));
    if (record.to === undefined || commit === undefined || commit.counts.rejected > 0) {
      last.delete(part);
      kept.push(record);
      continue;
    }
    taken.add(tokenOf(record));
    const before = last.get(part);
    if (before && follows(before.intent, record)) grow(before, record, commit);
    else {
      const done = { intent: record, commit: { ...commit, counts: { ...commit.counts } } };
      last.set(part, done);
      kept.push(done);
    }
  }
  return kept.flatMap((each) => {
    if ('intent' in each) return [each.intent, each.commit];
    return each.is === 'commit' && taken.has(tokenOf(each)) ? [] : [each];
  });
}

function tokenOf({ step, token }: BatchRecord): string {
  return JSON.stringify([step, token]);
}

function follows(before: Intent, intent: Intent): boolean {
  return intent.sequence === before.sequence + 1 && intent.from === before.to;
}

function grow(
  done: Done,
  { token, sequence, rows, bytes, to }: IntentRecord,
  { counts }: CommitRecord,
): void {
  const { intent, commit } = done;
  done.intent = {
    ...intent,
    token,
    sequence,
    rows: intent.rows + rows,
    bytes: intent.bytes + bytes,
    ...(to === undefined ? {} : { to }),
  };
  commit.token = token;
  addCounters(commit.counts, counts);
}
