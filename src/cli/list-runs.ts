import type { Declaration } from '../declare/declaration.js';
import { addCounters, zeroCounters } from '../engine/counters.js';
import { countsOf, type StepPast, type StepResult } from '../engine/journal.js';
import { SluiceError } from '../errors.js';
import type { FlowPast } from '../journal/flow-records.js';
import { histories, isResumable, type RunHistory } from '../journal/runs.js';
import { driftLines } from './drift-text.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';
import { seriesLines } from './series-text.js';
import { openState } from './session.js';
import { count, durationText, table } from './text.js';

export interface RunsOptions {
  readonly n: number;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
  /** What has become of a run whose journal has no end, where somebody knows. */
  readonly endingOf?: (history: RunHistory) => Promise<string | undefined>;
}

/** A run, and what came of it in a word or two. */
interface ToldRun {
  readonly history: RunHistory;
  readonly outcome: string;
}

/** `sluice runs`: a line for each run, or one run step by step. Gives the exit status. */
export async function listRuns(
  declaration: Declaration,
  run: string | undefined,
  io: Io,
  options: RunsOptions,
): Promise<number> {
  const { runs } = await openState(declaration, io, options.state);
  const found: ToldRun[] = [];
  for await (const history of histories(runs)) {
    if (run === undefined || history.run.startsWith(run)) {
      const outcome = history.end ?? (await options.endingOf?.(history)) ?? 'killed or under way';
      found.push({ history, outcome });
    }
    if (found.length === (run === undefined ? options.n : 1)) break;
  }
  if (run !== undefined && found.length === 0) {
    throw new SluiceError('usage', `no run is named ${run}`, { hint: '`sluice runs` lists them' });
  }
  if (options.json) for (const told of found) io.out(JSON.stringify(historyEvent(told)));
  else if (run === undefined) io.out(listText(found));
  else for (const told of found) io.out(runText(told));
  return exitStatus.complete;
}

function historyEvent({ history, outcome: ofRun }: ToldRun): object {
  const { run, started, ended } = history;
  const steps = stepsOf(history).map(({ name, outcome, past, result, flow }) => ({
    name,
    outcome,
    ...countsOf(past),
    ...result,
    ...(past?.window ? { window: past.window } : {}),
    complete: result !== undefined || flow.ended !== undefined,
    ...(flow.failed?.error && result === undefined ? { error: flow.failed.error } : {}),
    ...(flow.ended?.output === undefined ? {} : { output: flow.ended.output }),
  }));
  return {
    event: 'run',
    run,
    started,
    ended,
    firing: history.firing,
    outcome: ofRun,
    resumable: isResumable(history),
    steps,
  };
}

function listText(found: readonly ToldRun[]): string {
  if (found.length === 0) return 'no runs';
  const rows = found.map(({ history, outcome }) => {
    const sum = zeroCounters();
    for (const past of history.steps.values()) addCounters(sum, countsOf(past));
    const resumable = isResumable(history) ? 'can be resumed' : '';
    const counts = [sum.read, sum.written, sum.unchanged, sum.rejected].map(count);
    return [history.run, history.started, durationOf(history), outcome, ...counts, resumable];
  });
  const header = ['run', 'started', 'took', 'outcome', 'read', 'written', 'unchanged', 'rejected', ''];
  return table(header, rows, new Set([2, 4, 5, 6, 7])).join('\n');
}

function runText({ history, outcome: ofRun }: ToldRun): string {
  const rows = stepsOf(history).map(({ name, outcome, past, result, flow }) => {
    const { read, written, unchanged, rejected } = countsOf(past);
    const counts = [read, written, unchanged, rejected, result?.deleted ?? 0].map(count);
    const seconds = result?.seconds ?? flow.ended?.seconds;
    return [
      name,
      outcome,
      ...(past ? counts : counts.map(() => '')),
      seconds === undefined ? '' : durationText(seconds),
      result?.consistency ?? flow.failed?.error?.message ?? '',
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
    'read from, or why it failed',
  ];
  const { firing } = history;
  const actsFor = firing.start === undefined ? '' : `; for ${firing.start} to ${firing.end}`;
  const ended = history.ended === undefined ? '' : `, ended ${history.ended}`;
  const head = `run ${history.run}: ${ofRun}; began ${history.started}${ended}${actsFor}`;
  const graphs = [...history.steps].flatMap(([name, { result }]) => [
    ...(result?.series ? seriesLines(name, result.series) : []),
    ...(result?.drift ? driftLines(name, result.drift) : []),
  ]);
  const lines = table(header, rows, new Set([2, 3, 4, 5, 6, 7]));
  return [head, ...lines, ...windowLines(history), ...graphs].join('\n');
}

/** What incremental copies read, and where they stand now. */
function windowLines({ steps }: RunHistory): string[] {
  return [...steps].flatMap(([name, { window, result }]) => {
    if (!window) return [];
    const { of, from = 'the beginning', to = 'nothing', previous = 'the beginning' } = window;
    const [, table, column] = JSON.parse(of) as readonly string[];
    const cursor = result ? (window.to ?? previous) : previous;
    return [`${name}: ${table}.${column} from ${from} to ${to}; its cursor after this run: ${cursor}`];
  });
}

/** What the journal says of one step, or of one copy of a step with `tables`. */
interface StepState {
  readonly name: string;
  /** One word, or two. */
  readonly outcome: string;
  readonly past?: StepPast;
  readonly result?: StepResult;
  readonly flow: FlowPast;
}

/** The steps that a run has come to, the copies first. */
function stepsOf({ steps, flow }: RunHistory): readonly StepState[] {
  const names = new Set([...steps.keys(), ...flow.keys()]);
  return [...names].map((name) => {
    const past = steps.get(name);
    const around = flow.get(name) ?? {};
    const outcome = outcomeIn(past, around);
    const { result } = past ?? {};
    return { name, outcome, ...(past && { past }), ...(result && { result }), flow: around };
  });
}

function outcomeIn(past: StepPast | undefined, { ended, failed }: FlowPast): string {
  if (past?.result) return past.result.rejected > 0 ? 'rejects' : 'complete';
  if (ended ?? failed) return (ended ?? failed)?.outcome ?? '';
  return past?.moved ? 'not finished' : 'not complete';
}

function durationOf({ started, ended }: RunHistory): string {
  return ended === undefined ? '' : durationText((Date.parse(ended) - Date.parse(started)) / 1000);
}
