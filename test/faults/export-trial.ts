/** Runs an export into a fault, and again without it, and judges how both ended. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CliRun, sluice } from '../fixtures/cli.js';
import type { ExportScript } from '../fixtures/export-service.js';
import { fastClock } from './clock-jump.js';
import type { ExportAccount } from './export-account.js';
import { look } from './export-look.js';
import { observed } from './export-observer.js';
import type { Rule } from './fault-plan.js';
import type { HttpFault } from './http-proxy.js';

export interface ExportMishap {
  readonly script?: Partial<ExportScript>;
  readonly rds?: readonly Rule<HttpFault>[];
  readonly s3?: readonly Rule<HttpFault>[];
  /** More of the step. */
  readonly step?: object;
  /** The clock by which it waits goes so much faster. */
  readonly clockFactor?: number;
}

export interface ExportTrial {
  /** Of the run that was struck. */
  readonly status: number | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string } | undefined;
  /** All that it printed. */
  readonly output: string;
  /** Whether each rule struck. */
  readonly struck: boolean;
  /** The calls to RDS, KMS and IAM that it made. */
  readonly calls: readonly string[];
  /** Instants at which a reader found no complete export, and why the last run is not complete. */
  readonly problems: readonly string[];
}

export interface TrialOptions {
  /** Another program than the built one. */
  readonly program?: string;
  /** No next run, however the first one ends. */
  readonly once?: true;
}

/** A next run may need one more: what it finds failed is given up by one, and made anew by another. */
const MAX_RERUNS = 2;

export async function tryExport(
  account: ExportAccount,
  script: ExportScript,
  mishap: ExportMishap,
  options: TrialOptions = {},
): Promise<ExportTrial> {
  await account.reset({ ...script, ...mishap.script });
  const folder = await mkdtemp(join(tmpdir(), 'sluice-export-'));
  const file = join(folder, 'export.yaml');
  await writeFile(file, JSON.stringify(account.declaration(mishap.step)));
  const clock = mishap.clockFactor === undefined ? undefined : await fastClock(mishap.clockFactor);
  const observer = await observed(account.place);
  account.s3.watch((moment, event) => observer.moment?.(`${moment} ${event.action}`));
  try {
    const run = (env = {}) => sluice(['run', file, '--json'], { cwd: folder, env, ...options });
    const before = await look(account.place);
    const struck = await strike(account, mishap, () => run(clock?.env));
    const { status } = struck.run;
    const isNew = (await look(account.place)).export !== before.export;
    account.service.settle();
    const last = options.once ? struck.run : await untilComplete(struck.run, run);
    const unfinished = isComplete(last) ? [] : [`exit ${last.status}: ${told(last)}`];
    // Where only a call fails, it may be one that removes the old, after the new was proved.
    const premature = isNew && status !== 0 && mishap.script ? ['what was not proved is published'] : [];
    return {
      ...struck,
      status,
      error: struck.run.events.findLast(({ event }) => event === 'error') as ExportTrial['error'],
      output: told(struck.run),
      problems: [...unfinished, ...premature, ...(await observer.end())],
    };
  } finally {
    account.s3.watch(undefined);
    await clock?.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

async function strike(
  { rds, s3 }: ExportAccount,
  mishap: ExportMishap,
  run: () => Promise<CliRun>,
): Promise<{ run: CliRun; struck: boolean; calls: readonly string[] }> {
  const before = rds.events.length;
  rds.plan.use(mishap.rds ?? []);
  s3.plan.use(mishap.s3 ?? []);
  try {
    const ended = await run();
    return {
      run: ended,
      struck: [...rds.plan.struck(), ...s3.plan.struck()].every((count) => count > 0),
      calls: rds.events.slice(before).map(({ action }) => action),
    };
  } finally {
    rds.plan.use([]);
    s3.plan.use([]);
  }
}

function isComplete({ status }: CliRun): boolean {
  return status === 0;
}

async function untilComplete(first: CliRun, run: () => Promise<CliRun>): Promise<CliRun> {
  let last = first;
  for (let rerun = 0; rerun < MAX_RERUNS && !isComplete(last); rerun++) last = await run();
  return last;
}

function told({ stderr, stdout }: CliRun): string {
  return (stderr + stdout).slice(-1500);
}
