import { rm } from 'node:fs/promises';
import type { Comparison } from '../connectors/comparison.js';
import type { Finding } from '../connectors/connector.js';
import { type Counters, zeroCounters } from '../engine/counters.js';
import { type CopyPlan, isPlanned } from '../engine/plan.js';
import { verifySample } from '../engine/verify/sample.js';
import type { Verification, VerifyRun } from '../engine/verify/verification.js';
import { verifyCopy } from '../engine/verify/verify.js';
import type { ErrorCode } from '../errors.js';
import type { PreparedCopy } from './plan.js';
import { openRejects } from './rejects.js';
import type { World } from './scope.js';

/** A copy whose two sides can be compared. */
export interface ComparableCopy {
  readonly copy: PreparedCopy;
  readonly plan: CopyPlan;
  readonly comparison: Comparison;
}

/** What differs is looked at again this often and named for so many rows, unless somebody says otherwise. */
export const verifyDefaults = { limit: 1000, settle: 1 } as const;

export interface VerifyOptions {
  readonly limit: number;
  readonly settle: number;
  readonly strict: boolean;
  readonly sample?: number;
  readonly stop: AbortSignal;
}

/** Is told what is read. Counters change in place. */
export interface VerifyObserver {
  started(label: string, counters: Counters, rows: number | undefined): void;
  ended(label: string): void;
}

/** Reasons against writing that are none against comparing. */
export const writersReasons: ReadonlySet<ErrorCode | 'note'> = new Set<ErrorCode>([
  'sink_triggers',
  'sink_foreign_keys',
  'key_not_unique',
]);

/** Why the copies cannot be compared. */
export function verifyRefusals(
  copies: readonly PreparedCopy[],
): readonly { readonly name: string; readonly finding: Finding }[] {
  return copies.flatMap(({ name, planned, early }) => {
    const refused = planned.findings.filter(
      ({ level, code }) => level === 'refuse' && !writersReasons.has(code),
    );
    const missing = early || (isPlanned(planned) && !planned.sinkPlan.exists);
    const findings = refused.length === 0 && missing ? [notThere] : refused;
    return findings.map((finding) => ({ name, finding }));
  });
}

const notThere: Finding = {
  level: 'refuse',
  code: 'table_missing',
  message: 'a table is not there yet',
  hint: 'run the pipeline first',
};

/** The copies, ready to be compared; what they will cost is known then. */
export async function openComparisons(copies: readonly PreparedCopy[]): Promise<readonly ComparableCopy[]> {
  const ready: ComparableCopy[] = [];
  for (const copy of copies) {
    if (!isPlanned(copy.planned)) continue;
    ready.push({ copy, plan: copy.planned, comparison: await copy.planned.sink.comparison() });
  }
  return ready;
}

/** Compares the copies one after the other. */
export async function verifyCopies(
  world: World,
  copies: readonly ComparableCopy[],
  options: VerifyOptions,
  observer: VerifyObserver,
): Promise<readonly Verification[]> {
  const rejectedKeys = await keysOfRejects(world);
  const done: Verification[] = [];
  for (const { copy, plan, comparison } of copies) {
    const { name, scope } = copy;
    const onStop = () => scope.abort(options.stop.reason);
    options.stop.addEventListener('abort', onStop);
    if (options.stop.aborted) onStop();
    const label = `${world.run}-${encodeURIComponent(name)}`;
    const folder = await world.state.verifyScratch(label);
    const { stop: _stop, sample, ...rest } = options;
    const counters = { source: zeroCounters(), sink: zeroCounters() };
    const signal = scope.context.signal;
    const run: VerifyRun = { ...rest, folder, counters, signal, rejectedKeys: rejectedKeys(name) };
    observer.started(`${name} sink`, counters.sink, sample ?? comparison.rows);
    observer.started(`${name} source`, counters.source, plan.description.rows);
    try {
      done.push(
        sample === undefined
          ? await verifyCopy(plan, comparison, run)
          : await verifySample(plan, comparison, run, sample),
      );
    } finally {
      observer.ended(`${name} sink`);
      observer.ended(`${name} source`);
      options.stop.removeEventListener('abort', onStop);
      await rm(folder, { recursive: true, force: true });
      await Promise.all([plan.source.close(), plan.sink.close()]);
    }
  }
  return done;
}

/** The keys of rows that the last run of a step refused, as `RejectRecord.key` spells them. */
async function keysOfRejects(world: World): Promise<(step: string) => ReadonlySet<string>> {
  const open = await openRejects(world);
  const byStep = new Map<string, Set<string>>();
  for (const { step, records } of open) {
    const keys = byStep.get(step) ?? new Set();
    byStep.set(step, keys);
    for (const { key } of records) keys.add(JSON.stringify(key));
  }
  return (step) => {
    const keys = byStep.get(step) ?? new Set<string>();
    keys.delete('{}');
    return keys;
  };
}
