import type { VerifyStep } from '../declare/declaration.js';
import { type Counters, zeroCounters } from '../engine/counters.js';
import type { Verification } from '../engine/verify/verification.js';
import { SluiceError } from '../errors.js';
import { histories } from '../journal/runs.js';
import { keepReport, newestReportName } from '../journal/verify-reports.js';
import type { Course } from './course.js';
import { runHash } from './open-run.js';
import { plainEnd, type StepEnd } from './outcome.js';
import { type PreparedCopy, planCopies } from './plan.js';
import { newRunName } from './run-name.js';
import { copySteps, type World } from './scope.js';
import { alwaysSkipped } from './skipped-copies.js';
import {
  openComparisons,
  type VerifyObserver,
  verifyCopies,
  verifyDefaults,
  verifyRefusals,
} from './verify.js';

/** Compares both sides of the copies that a verify step names; keeps the report; fails where they differ. */
export async function runVerify(
  course: Course,
  step: VerifyStep,
  attempt: number,
  stop: AbortSignal,
): Promise<StepEnd> {
  const { name } = step;
  const progress = followed();
  course.observer.started(name, progress.counters, { attempt });
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  try {
    const found = await compare(course, step, progress.observer, stop);
    if (!found.some(({ different }) => different))
      return plainEnd('verify', 'complete', { seconds: seconds() });
    return plainEnd('verify', 'failed', { seconds: seconds(), error: differing(name, found) });
  } catch (error) {
    return plainEnd('verify', stop.aborted ? 'interrupted' : 'failed', { seconds: seconds(), error });
  }
}

async function compare(
  course: Course,
  step: VerifyStep,
  observer: VerifyObserver,
  stop: AbortSignal,
): Promise<readonly Verification[]> {
  const { half: _half, ...whole } = course.world;
  const world: World = { ...whole, readsOnly: true };
  const skipped = await alwaysSkipped(histories(world.state.runs), world.declared, world.run);
  const copies: PreparedCopy[] = [];
  for (const copy of copySteps(world.declared)) {
    if (!step.of.includes(copy.name)) continue;
    if (skipped.has(copy.name)) course.observer.said(step.name, `${copy.name}: skipped, and not compared`);
    else copies.push(...(await planCopies(world, copy)));
  }
  const refused = verifyRefusals(copies)[0];
  if (refused) {
    const { message, hint } = refused.finding;
    throw new SluiceError('plan_refused', `${step.name}: ${refused.name} cannot be compared: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const { sample } = step;
  const options = { ...verifyDefaults, strict: false, stop, ...(sample === undefined ? {} : { sample }) };
  const found = await verifyCopies(world, await openComparisons(copies), options, observer);
  const { pipeline } = world.declaration;
  const at = new Date().toISOString();
  const verify = newRunName(await newestReportName(world.state.reports));
  const report = { verify, pipeline, hash: runHash(world.declaration), at, steps: found };
  await keepReport(world.state.reports, report);
  return found;
}

function differing(name: string, found: readonly Verification[]): SluiceError {
  const sum = (of: 'missing' | 'extra' | 'changed') => found.reduce((total, each) => total + each[of], 0);
  const names = found.filter(({ different }) => different).map((each) => each.name);
  const counts = `${sum('missing')} missing, ${sum('extra')} extra, ${sum('changed')} changed`;
  return new SluiceError('different', `${name}: source and sink of ${names.join(', ')} differ: ${counts}`, {
    hint: '`sluice verify` names the rows, `sluice repair` mends them',
  });
}

/** Counters that show, at any moment, what has been read of both sides of all copies. */
function followed(): { readonly counters: Readonly<Counters>; readonly observer: VerifyObserver } {
  const all: Readonly<Counters>[] = [];
  const counters = {
    ...zeroCounters(),
    get read() {
      return all.reduce((sum, each) => sum + each.read, 0);
    },
  };
  const observer = {
    started: (_label: string, more: Counters) => void all.push(more),
    ended: () => undefined,
  };
  return { counters, observer };
}
