import { join } from 'node:path';
import type { Declaration } from '../declare/declaration.js';
import { addCounters, type Counters, zeroCounters } from '../engine/counters.js';
import type { StepPast } from '../engine/journal.js';
import { SluiceError } from '../errors.js';
import { histories, isResumable, type RunHistory } from '../journal/runs.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';
import { stateOf } from './session.js';
import { count, durationText, table } from './text.js';

export interface RunsOptions {
  readonly n: number;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `sluice runs`: a line for each run, or one run step by step. Gives the exit status. */
export async function listRuns(
  declaration: Declaration,
  run: string | undefined,
  io: Io,
  options: RunsOptions,
): Promise<number> {
  const folder = join(stateOf(declaration, io, options.state), declaration.pipeline, 'runs');
  const found: RunHistory[] = [];
  for await (const history of histories(folder)) {
    if (run === undefined || history.run.startsWith(run)) found.push(history);
    if (found.length === (run === undefined ? options.n : 1)) break;
  }
  if (run !== undefined && found.length === 0) {
    throw new SluiceError('usage', `no run is named ${run}`, { hint: '`sluice runs` lists them' });
  }
  if (options.json) for (const history of found) io.out(JSON.stringify(historyEvent(history)));
  else if (run === undefined) io.out(listText(found));
  else for (const history of found) io.out(runText(history));
  return exitStatus.complete;
}

function outcomeOf(history: RunHistory): string {
  return history.end ?? 'killed or under way';
}

function historyEvent(history: RunHistory): object {
  const { run, started, ended } = history;
  const steps = [...history.steps].map(([name, past]) => ({
    name,
    ...countsOf(past),
    ...past.result,
    complete: past.result !== undefined,
  }));
  return {
    event: 'run',
    run,
    started,
    ended,
    outcome: outcomeOf(history),
    resumable: isResumable(history),
    steps,
  };
}

function listText(found: readonly RunHistory[]): string {
  if (found.length === 0) return 'no runs';
  const rows = found.map((history) => {
    const sum = zeroCounters();
    for (const past of history.steps.values()) addCounters(sum, countsOf(past));
    const resumable = isResumable(history) ? 'can be resumed' : '';
    const counts = [sum.read, sum.written, sum.unchanged, sum.rejected].map(count);
    return [history.run, history.started, durationOf(history), outcomeOf(history), ...counts, resumable];
  });
  const header = ['run', 'started', 'took', 'outcome', 'read', 'written', 'unchanged', 'rejected', ''];
  return table(header, rows, new Set([2, 4, 5, 6, 7])).join('\n');
}

function runText(history: RunHistory): string {
  const rows = [...history.steps].map(([name, past]) => {
    const { read, written, unchanged, rejected } = countsOf(past);
    const { result } = past;
    return [
      name,
      result ? 'complete' : past.moved ? 'not finished' : 'not complete',
      ...[read, written, unchanged, rejected, result?.deleted ?? 0].map(count),
      result ? durationText(result.seconds) : '',
      result?.consistency ?? '',
    ];
  });
  const header = [
    'step',
    'state',
    'read',
    'written',
    'unchanged',
    'rejected',
    'deleted',
    'time',
    'read from',
  ];
  const head = `run ${history.run}: ${outcomeOf(history)}; began ${history.started}${history.ended === undefined ? '' : `, ended ${history.ended}`}`;
  return [head, ...table(header, rows, new Set([2, 3, 4, 5, 6, 7]))].join('\n');
}

function countsOf(past: StepPast): Counters {
  if (past.result) return past.result;
  const sum = zeroCounters();
  for (const counts of past.commits.values()) addCounters(sum, counts);
  return sum;
}

function durationOf({ started, ended }: RunHistory): string {
  return ended === undefined ? '' : durationText((Date.parse(ended) - Date.parse(started)) / 1000);
}
