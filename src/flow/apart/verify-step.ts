import type { StepValues } from '../../expression/values.js';
import type { Course } from '../course.js';
import { type Observer, valuesOf } from '../outcome.js';
import { runVerify } from '../run-verify.js';
import { namedStep } from './named-step.js';
import { type Apart, joinRun, noSuchStep } from './open-apart.js';

const silent: Observer = {
  started: () => undefined,
  waiting: () => undefined,
  said: () => undefined,
  ended: () => undefined,
};

/**
 * Compares both sides of the copies that a verify step names, in one go. Throws its failure.
 * @throws SluiceError different
 */
export async function verifyStep(
  apart: Apart,
  run: string,
  name: string,
  until: AbortSignal,
): Promise<StepValues> {
  const step = namedStep(apart, name);
  if (step.kind !== 'verify') throw noSuchStep(name);
  const joined = await joinRun(apart, run, name);
  try {
    const { world, journal } = joined;
    const course: Course = {
      world,
      journal,
      observer: silent,
      ends: new Map(),
      values: new Map(),
      used: new WeakSet(),
    };
    const end = await runVerify(course, step, 1, until);
    if (end.outcome !== 'complete') throw end.error;
    const values = valuesOf([end]);
    await journal.note({ is: 'ended', step: name, values });
    return values;
  } finally {
    await joined.close();
  }
}
