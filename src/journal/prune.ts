import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { histories, isResumable } from './runs.js';

/** Runs beyond the newest so many, or older than so long, are forgotten. */
const KEPT_RUNS = 100;
const KEPT_DAYS = 90;
const DAY_MS = 24 * 3600 * 1000;

/**
 * Forgets old runs with their rejects: never one that can be resumed, nor the newest run of any step, whose
 * rejects are still open. Gives the names of the runs that went.
 */
export async function pruneRuns(runs: string, rejects: string, now = Date.now()): Promise<readonly string[]> {
  const seen = new Set<string>();
  const gone: string[] = [];
  let kept = 0;
  for await (const history of histories(runs)) {
    const isNewest = kept === 0 || [...history.steps.keys()].some((step) => !seen.has(step));
    for (const step of history.steps.keys()) seen.add(step);
    const isOld = kept >= KEPT_RUNS || now - Date.parse(history.started) > KEPT_DAYS * DAY_MS;
    if (!isOld || isNewest || isResumable(history)) {
      kept++;
      continue;
    }
    await rm(join(rejects, history.run), { recursive: true, force: true });
    await rm(join(runs, `${history.run}.jsonl`), { force: true });
    gone.push(history.run);
  }
  return gone;
}
