import type { Followed } from '../engine/replicate/replicate-journal.js';
import { histories, isResumable } from '../journal/runs.js';
import type { PipelineState } from '../journal/state.js';

/** Where a replicate stands. */
export interface Standing extends Followed {
  /** The run that will be gone on with, or one that has ended. */
  readonly from: 'this run' | 'an earlier run';
  /** Loads that may or may not be in the sink: only the run that wrote them can find out. */
  readonly open: number;
  /** The loads that are in the sink for sure. */
  readonly done: ReadonlySet<string>;
}

/** How replicates come to where they begin; absent: where the declaration says. */
export type Places = (replicate: string) => Promise<Standing | undefined>;

/** What the newest run says that had a part in the step, unless it was given up. */
export function places({ runs }: Pick<PipelineState, 'runs'>): Places {
  return async (replicate) => {
    for await (const history of histories(runs)) {
      const { followed, commits } = history.steps.get(replicate) ?? {};
      if (!followed) continue;
      if (history.end === 'abandoned') return undefined;
      const done = new Set(commits?.keys());
      const open = followed.loads.filter(({ token }) => !done.has(token)).length;
      return { ...followed, from: isResumable(history) ? 'this run' : 'an earlier run', open, done };
    }
    return undefined;
  };
}
