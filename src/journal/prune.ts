import { onlyReceived } from '../engine/journal.js';
import { forgetKeys } from './key-log.js';
import { readRejects } from './read-rejects.js';
import { histories, isResumable, type RunHistory, readHistory } from './runs.js';
import type { Logs, PipelineState } from './state.js';

/** Runs beyond the newest so many, or older than so long, are forgotten. */
const KEPT_RUNS = 100;
const KEPT_DAYS = 90;
const DAY_MS = 24 * 3600 * 1000;

/**
 * Forgets old runs with their rejects: never one that can be resumed, nor the newest run of any step, whose
 * rejects are still open, nor one with open rejects whose rows no
 * later run reads again: of an incremental copy or a replicate, or received from a queue. Gives the names of the runs that went.
 */
export async function pruneRuns(
  state: Pick<PipelineState, 'runs' | 'rejects' | 'keys'>,
  now = Date.now(),
): Promise<readonly string[]> {
  const { runs } = state;
  if (!(await mayBeOld(runs, now))) return [];
  const seen = new Set<string>();
  const gone: string[] = [];
  let kept = 0;
  for await (const history of histories(runs)) {
    const isNewest = kept === 0 || [...history.steps.keys()].some((step) => !seen.has(step));
    for (const step of history.steps.keys()) seen.add(step);
    const isOld = kept >= KEPT_RUNS || isPast(history.started, now);
    const isKept = !isOld || isNewest || isResumable(history) || (await hasOpenRejects(state, history));
    if (isKept) {
      kept++;
      continue;
    }
    await state.rejects(history.run).removeAll();
    await forgetKeys(state.keys, history.run);
    await runs.remove(history.run);
    gone.push(history.run);
  }
  return gone;
}

async function hasOpenRejects(
  state: Pick<PipelineState, 'rejects'>,
  { run, steps }: RunHistory,
): Promise<boolean> {
  for (const [step, past] of steps) {
    const mayBeOpen = (past.window ?? past.followed) !== undefined || onlyReceived(past);
    if (mayBeOpen && (await readRejects(state, run, step)).records.length > 0) return true;
  }
  return false;
}

/** Looks at the oldest run alone: mostly there is nothing to forget, and journals can be long. */
async function mayBeOld(runs: Logs, now: number): Promise<boolean> {
  const names = await runs.names();
  const [oldest] = names;
  if (oldest === undefined || names.length > KEPT_RUNS) return oldest !== undefined;
  const history = await readHistory(runs, oldest);
  return history === undefined || isPast(history.started, now);
}

function isPast(started: string, now: number): boolean {
  return now - Date.parse(started) > KEPT_DAYS * DAY_MS;
}
