import type { Counters } from '../engine/counters.js';
import type {
  Followed,
  FollowPoint,
  LoadIntent,
  ReplicateJournal,
} from '../engine/replicate/replicate-journal.js';
import type { Log } from './state.js';

/** Lines of the journal about replicates; commits are those of copies. */
export type FollowRecord =
  /** Up to here everything is done: the records of loads before it say nothing any more. */
  | ({ readonly is: 'followed'; readonly step: string } & FollowPoint)
  | ({ readonly is: 'load'; readonly step: string } & LoadIntent);

/** A replicate's part of a journal. */
export function followJournal(
  step: string,
  log: Log,
  known: Pick<ReplicateJournal, 'past' | 'commits'>,
): ReplicateJournal {
  return {
    ...known,
    begin: (point) => log.add({ is: 'followed', step, ...point } satisfies FollowRecord),
    intend: (load) => log.add({ is: 'load', step, ...load } satisfies FollowRecord),
    commit: (token, counts) => log.add({ is: 'commit', step, token, counts }),
    checkpoint: (point) => log.rewrite((records) => compacted(records, step, point)),
    complete: (result) => log.add({ is: 'complete', step, result }),
  };
}

/** The records without those of the step's loads, and the point in their place. */
function compacted(records: readonly unknown[], step: string, point: FollowPoint): readonly unknown[] {
  const others = (records as readonly Partial<FollowRecord & { is: string }>[]).filter(
    (record) => record.step !== step || !['followed', 'load', 'commit'].includes(record.is ?? ''),
  );
  return [...others, { is: 'followed', step, ...point } satisfies FollowRecord];
}

/** One more record; changes `past`. */
export function applyFollowed(
  past: { followed?: Followed; readonly commits: Map<string, Counters> },
  record: FollowRecord,
): void {
  const { is, step: _step, ...said } = record;
  if (is === 'followed') {
    past.commits.clear();
    past.followed = { ...(said as FollowPoint), loads: [] };
    return;
  }
  if (past.followed)
    past.followed = { ...past.followed, loads: [...past.followed.loads, said as LoadIntent] };
}
