import type { Declaration } from '../declare/declaration.js';
import { sameFiring } from '../flow/firing.js';
import { histories, isResumable, type RunHistory } from '../journal/runs.js';
import type { Logs, PipelineState } from '../journal/state.js';
import type { Firing } from '../values/firing.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';

/** Runs a pipeline for one firing; gives the exit status. */
export type RunFor = (firing: Firing) => Promise<number>;

/** A range of firings, and where runs of it are remembered. */
export interface Range {
  readonly firings: readonly Firing[];
  readonly state: PipelineState;
  /** Begin with the first, whatever has been done. */
  readonly fresh: boolean;
  readonly json: boolean;
}

/**
 * A run for each firing of a range, in order; it stops at the first that fails. The same command goes on where it
 * stopped: with the run that is unfinished, or after the last one that this range completed. Gives the exit status.
 */
export async function backfill(
  { pipeline }: Pick<Declaration, 'pipeline'>,
  { firings, state, fresh, json }: Range,
  io: Io,
  runFor: RunFor,
): Promise<number> {
  const newest = fresh ? undefined : await newestRun(state.runs);
  const begin = newest ? whereToGoOn(newest, firings) : 0;
  sayPlan(pipeline, firings, begin, io, json);
  let rejects = false;
  for (const [index, firing] of firings.entries()) {
    if (index < begin) continue;
    if (!json) io.err(`firing ${index + 1} of ${firings.length}: ${firing.time}`);
    const status = await runFor(firing);
    if (status !== exitStatus.complete && status !== exitStatus.rejects) {
      if (!json)
        io.err(`stopped at firing ${index + 1} of ${firings.length}; the same command goes on with it`);
      return status;
    }
    rejects ||= status === exitStatus.rejects;
  }
  return rejects ? exitStatus.rejects : exitStatus.complete;
}

async function newestRun(runs: Logs): Promise<RunHistory | undefined> {
  for await (const history of histories(runs)) return history;
  return undefined;
}

/** The index of the firing to begin with. */
function whereToGoOn(newest: RunHistory, firings: readonly Firing[]): number {
  const at = firings.findIndex((firing) => sameFiring(firing, newest.firing));
  if (at === -1) return 0;
  if (isResumable(newest)) return at;
  const isOfRange = newest.firing.range?.join() === firings[0]?.range?.join();
  const isDone = newest.end === 'complete' || newest.end === 'rejects';
  return isOfRange && isDone && at + 1 < firings.length ? at + 1 : 0;
}

function sayPlan(pipeline: string, firings: readonly Firing[], begin: number, io: Io, json: boolean): void {
  const times = firings.map(({ time }) => time);
  if (json) {
    io.out(JSON.stringify({ event: 'backfill', pipeline, firings: times, done: begin }));
    return;
  }
  const count = firings.length - begin;
  const done = begin === 0 ? '' : `; ${begin} done before`;
  const span = count === 1 ? `${times[begin]}` : `${times[begin]} to ${times.at(-1)}`;
  io.err(`${count === 1 ? 'a run for 1 firing' : `a run for each of ${count} firings`}: ${span}${done}`);
}
