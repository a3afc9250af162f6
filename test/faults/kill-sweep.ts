/**
 * Kills the program with SIGKILL at moments of its talk with the servers, lets it run again, and compares what
 * is in the sink with what an undisturbed run leaves there (invariant 5).
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sluice } from '../fixtures/cli.js';
import type { HttpProxy } from './http-proxy.js';
import type { MysqlProxy } from './mysql-proxy.js';

/** One kind of copy that can be run again and again from the same state. */
export interface Scenario {
  readonly declaration: object;
  /** What `sluice run` is given besides the file. */
  readonly options?: readonly string[];
  /** The exit status of an undisturbed run; 0 when absent. */
  readonly status?: number;
  /** Puts source and sink back to where the copy begins. */
  reset(): Promise<void>;
  /** Everything the sink holds, in an order of its own; leftovers too. */
  dump(): Promise<unknown>;
}

export interface Wire {
  readonly mysql?: MysqlProxy;
  readonly dynamodb?: HttpProxy;
  readonly sqs?: HttpProxy;
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

/** Tries `points` of the moments, evenly spread, the same in every run; all of them when there are no more. */
export async function sweep(scenario: Scenario, wire: Wire, points: number): Promise<SweepResult> {
  await scenario.reset();
  const undisturbed = await runUntil(scenario, wire, undefined);
  if (undisturbed.status !== (scenario.status ?? 0))
    throw new Error(`the undisturbed run failed: ${undisturbed.output}`);
  const expected = JSON.stringify(await scenario.dump());
  const { moments } = undisturbed;
  const step = Math.max(1, moments / points);
  const failures: Failure[] = [];
  let tried = 0;
  let killed = 0;
  for (let at = step / 2; at < moments; at += step) {
    const point = Math.floor(at);
    tried++;
    await scenario.reset();
    const outcome = await runUntil(scenario, wire, point);
    if (outcome.killed) killed++;
    const problem = outcome.problem ?? ((await sameAs(scenario, expected)) ? undefined : 'the sink differs');
    if (problem !== undefined) failures.push({ point, moment: outcome.moment, problem });
  }
  return { moments, tried, killed, failures };
}

async function sameAs(scenario: Scenario, expected: string): Promise<boolean> {
  return JSON.stringify(await scenario.dump()) === expected;
}

interface Outcome {
  readonly status: number | null;
  readonly moments: number;
  readonly killed: boolean;
  readonly moment: string;
  readonly output: string;
  readonly problem?: string;
}

/** Runs in a new folder, killed at the point if there is one, and then again until it is complete. */
async function runUntil(scenario: Scenario, wire: Wire, point: number | undefined): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-sweep-'));
  const file = join(folder, 'sweep.yaml');
  const wanted = scenario.status ?? 0;
  await writeFile(file, JSON.stringify(scenario.declaration));
  try {
    const options = scenario.options ?? [];
    const first = await runOnce(file, folder, { wire, options, point });
    if (!first.killed) {
      return first.status === wanted
        ? first
        : { ...first, problem: `exit ${first.status} without a kill: ${first.output}` };
    }
    if (await hasEnded(folder)) return { ...first, status: wanted };
    let last = first;
    for (let rerun = 0; rerun < MAX_RERUNS; rerun++) {
      last = await runOnce(file, folder, { wire, options });
      if (last.status === wanted) return { ...first, status: wanted };
    }
    return { ...first, problem: `exit ${last.status} after the kill: ${last.output}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The run was complete, and its end recorded, before the kill: the next would be a new one. */
async function hasEnded(folder: string): Promise<boolean> {
  const files = await readdir(folder, { recursive: true });
  const journals = files.filter((name) => name.includes('runs') && name.endsWith('.jsonl'));
  const texts = await Promise.all(journals.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.some((text) => /\{"is":"end","outcome":"(complete|rejects|failures)"/.test(text));
}

async function runOnce(
  file: string,
  folder: string,
  {
    wire,
    options,
    point,
  }: { readonly wire: Wire; readonly options: readonly string[]; readonly point?: number | undefined },
): Promise<Outcome> {
  let child: ChildProcess | undefined;
  let moments = 0;
  let moment = '';
  const watcher = async (at: string, event: { readonly statement?: string; readonly action?: string }) => {
    const reached = moments++;
    if (reached !== point || !child) return;
    moment = `${at} ${event.action ?? event.statement?.slice(0, 80)}`;
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  const proxies = [wire.mysql, wire.dynamodb, wire.sqs];
  for (const proxy of proxies) proxy?.watch(watcher);
  const run = await sluice(['run', file, '--json', ...options], {
    cwd: folder,
    started: (started) => {
      child = started;
    },
  });
  for (const proxy of proxies) proxy?.watch(undefined);
  const output = (run.stderr + run.stdout).slice(-600);
  return { status: run.status, moments, killed: run.status === null && moment !== '', moment, output };
}
