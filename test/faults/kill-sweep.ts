/**
 * Kills the program with SIGKILL at moments of its talk with the servers, lets it run again, and compares what
 * is in the sink with what an undisturbed run leaves there (invariant 5).
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sluice } from '../fixtures/cli.js';
import type { DiskMoments } from './disk-moments.js';
import type { HttpProxy } from './http-proxy.js';
import type { MysqlProxy } from './mysql-proxy.js';
import type { Extent } from './sweep-extent.js';

/** One kind of copy that can be run again and again from the same state. */
export interface Scenario {
  readonly declaration: object;
  /** What `sluice run` is given besides the file. */
  readonly options?: readonly string[];
  /** The exit status of an undisturbed run; 0 when absent. */
  readonly status?: number;
  /** Each run has a folder of its own with nothing but the declaration in it, as on another machine. */
  readonly elsewhere?: true;
  /** Rows are refused: each is a reject in the end, once, and nothing else is. */
  readonly refuses?: true;
  /** Whether the run that was killed had recorded its end; by the journals in its folder when absent. */
  hasEnded?(): Promise<boolean>;
  /** Puts source and sink back to where the copy begins. */
  reset(): Promise<void>;
  /** Everything the sink holds, in an order of its own; leftovers too. */
  dump(): Promise<unknown>;
  /** Begins to look at the sink, from the reset to the end of the last run. */
  observe?(): Promise<Observer>;
}

export interface Observer {
  /** Called at each moment, while the call that it is of waits. */
  moment?(at: string): Promise<void>;
  /** What was not as it must be; empty when all was well. */
  end(): Promise<readonly string[]>;
}

export interface Wire {
  readonly mysql?: MysqlProxy;
  readonly dynamodb?: HttpProxy;
  readonly sqs?: HttpProxy;
  readonly rds?: HttpProxy;
  readonly s3?: HttpProxy;
  /** Moments within the program itself, instead of those of its talk. */
  readonly disk?: DiskMoments;
}

/** How a point ended that did not end well. */
export interface Failure {
  readonly point: number;
  readonly moment: string;
  readonly problem: string;
}

export interface SweepResult {
  /** Moments at which the program could be killed. */
  readonly moments: number;
  /** Points that were tried, and of them those at which the program was still alive to be killed. */
  readonly tried: number;
  readonly killed: number;
  readonly failures: readonly Failure[];
}

/** A run after a kill is killed no more; it may need this many tries while the servers notice. */
const MAX_RERUNS = 3;

/** Tries those of the moments that the extent says; with `only`, of those whose names it matches. */
export async function sweep(
  scenario: Scenario,
  wire: Wire,
  extent: Extent,
  only = /(?:)/,
): Promise<SweepResult> {
  const undisturbed = await runObserved(scenario, wire, undefined);
  if (undisturbed.status !== (scenario.status ?? 0) || undisturbed.problem !== undefined)
    throw new Error(`the undisturbed run failed: ${undisturbed.problem} ${undisturbed.output}`);
  const expected = JSON.stringify([undisturbed.rejects, await scenario.dump()]);
  const moments = [...undisturbed.names.keys()].filter((index) => only.test(undisturbed.names[index] ?? ''));
  const chosen = extent.among(moments.length);
  const failures: Failure[] = [];
  let killed = 0;
  for (const index of chosen) {
    const point = moments[index] ?? 0;
    const outcome = await runObserved(scenario, wire, point);
    if (outcome.killed) killed++;
    const problem = outcome.problem ?? (await difference(scenario, outcome.rejects, expected));
    if (problem !== undefined) failures.push({ point, moment: outcome.moment, problem });
    extent.tell(index, moments.length, problem ?? outcome.moment);
  }
  return { moments: moments.length, tried: chosen.length, killed, failures };
}

async function difference(
  scenario: Scenario,
  rejects: readonly string[],
  expected: string,
): Promise<string | undefined> {
  const found = JSON.stringify([rejects, await scenario.dump()]);
  if (found === expected) return undefined;
  const at = [...expected].findIndex((letter, index) => letter !== found[index]);
  const near = (text: string) => text.slice(Math.max(0, at - 80), at + 120);
  return `what is left differs: ${near(found)} instead of ${near(expected)}`;
}

interface Outcome {
  readonly status: number | null;
  /** Of the moments that it had, in their order. */
  readonly names: readonly string[];
  readonly killed: boolean;
  readonly moment: string;
  readonly output: string;
  /** The keys of what is refused in the end, with the reasons. */
  readonly rejects: readonly string[];
  readonly problem?: string;
}

async function runObserved(scenario: Scenario, wire: Wire, point: number | undefined): Promise<Outcome> {
  await scenario.reset();
  const observer = await scenario.observe?.();
  let seen: readonly string[] = [];
  let outcome: Outcome;
  try {
    outcome = await runUntil(scenario, wire, point, observer);
  } finally {
    seen = (await observer?.end()) ?? [];
  }
  const problem = [outcome.problem ?? [], seen].flat().join('; ');
  return problem === '' ? outcome : { ...outcome, problem };
}

/** Runs in a new folder, killed at the point if there is one, and then again until it is complete. */
async function runUntil(
  scenario: Scenario,
  wire: Wire,
  point: number | undefined,
  observer: Observer | undefined,
): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-sweep-'));
  const file = join(folder, 'sweep.yaml');
  const wanted = scenario.status ?? 0;
  await writeFile(file, JSON.stringify(scenario.declaration));
  try {
    const options = scenario.options ?? [];
    const first = await runOnce(file, folder, { wire, options, observer, point });
    if (!first.killed) {
      return first.status === wanted
        ? { ...first, rejects: await rejectsOf(scenario, file) }
        : { ...first, problem: `exit ${first.status} without a kill: ${first.output}` };
    }
    if (await (scenario.hasEnded ? scenario.hasEnded() : hasEnded(folder)))
      return { ...first, status: wanted, rejects: await rejectsOf(scenario, file) };
    let last = first;
    for (let rerun = 0; rerun < MAX_RERUNS; rerun++) {
      if (scenario.elsewhere) await rm(join(folder, '.sluice'), { recursive: true, force: true });
      last = await runOnce(file, folder, { wire, options, observer });
      if (last.status === wanted)
        return { ...first, status: wanted, rejects: await rejectsOf(scenario, file) };
    }
    return { ...first, problem: `exit ${last.status} after the kill: ${last.output}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rejectsOf({ refuses }: Scenario, file: string): Promise<readonly string[]> {
  if (!refuses) return [];
  const { status, events, stderr } = await sluice(['rejects', file, '--json']);
  if (status !== 0) throw new Error(stderr);
  return events.map(({ key, reason }) => JSON.stringify([key, reason])).sort();
}

/** The run was complete, and its end recorded, before the kill: the next would be a new one. */
async function hasEnded(folder: string): Promise<boolean> {
  const files = await readdir(folder, { recursive: true });
  const journals = files.filter((name) => name.includes('runs') && name.endsWith('.jsonl'));
  const texts = await Promise.all(journals.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.some((text) => /\{"is":"end","outcome":"(complete|rejects|failures)"/.test(text));
}

interface Conditions {
  readonly wire: Wire;
  readonly options: readonly string[];
  readonly observer: Observer | undefined;
  readonly point?: number | undefined;
}

async function runOnce(file: string, folder: string, conditions: Conditions): Promise<Outcome> {
  const { wire, options, observer, point } = conditions;
  let child: ChildProcess | undefined;
  const names: string[] = [];
  let moment = '';
  const watcher = async (at: string, event: { readonly statement?: string; readonly action?: string }) => {
    const named = `${at} ${event.action ?? event.statement?.slice(0, 80)}`;
    const reached = names.push(named) - 1;
    await observer?.moment?.(named);
    if (reached !== point || !child || wire.disk) return;
    moment = named;
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  const proxies = [wire.mysql, wire.dynamodb, wire.sqs, wire.rds, wire.s3];
  for (const proxy of proxies) proxy?.watch(watcher);
  const run = await sluice(['run', file, '--json', ...options], {
    cwd: folder,
    env: wire.disk?.environment(point) ?? {},
    started: (started) => {
      child = started;
    },
  });
  for (const proxy of proxies) proxy?.watch(undefined);
  const output = (run.stderr + run.stdout).slice(-600);
  const onDisk = await wire.disk?.passed();
  if (onDisk) moment = onDisk.at(-1) ?? '';
  const killed = run.status === null && moment !== '';
  return { status: run.status, names: onDisk ?? names, killed, moment, output, rejects: [] };
}
