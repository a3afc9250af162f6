import type { CopyStep } from '../../declare/declaration.js';
import { openCopy } from '../../engine/open-copy.js';
import { keepsPace } from '../pacing.js';
import { singleCopies } from '../plan.js';
import { copySteps } from '../scope.js';
import type { SingleCopy } from '../single-copy.js';
import { copyApart } from './copy-apart.js';
import { ALL_PARTS, type Apart, type Joined, joinRun, newAttempt, noSuchStep } from './open-apart.js';

/** What one process is to copy. Plain JSON; holds no values of rows. */
export interface PartsPointer {
  /** The step's name; with `tables` that of one of its copies. */
  readonly copy: string;
  /** Unique within the copy. */
  readonly worker: string;
  readonly parts: readonly string[];
  /** So many processes copy at once. */
  readonly workers: number;
  readonly attempt: string;
}

/**
 * Opens the copies of a step and says what is left to be copied, by whom: nothing where all is done. A copy that keeps a pace
 * has one worker (invariant 10), and so has one whose sink no two may have open at once.
 */
export async function planStep(
  apart: Apart,
  run: string,
  name: string,
): Promise<{ readonly parts: readonly PartsPointer[] }> {
  const step = copyStepNamed(apart, name);
  const joined = await joinRun(apart, run, name);
  try {
    const attempt = newAttempt();
    await joined.journal.note({ is: 'planned', step: name, attempt });
    const parts: PartsPointer[] = [];
    for (const copy of await singleCopies(joined.world, step)) {
      if (joined.journal.step(copy.name).past.result) continue;
      parts.push(...(await planOne(apart, joined, copy, attempt)));
    }
    return { parts };
  } finally {
    await joined.close();
  }
}

async function planOne(
  apart: Apart,
  joined: Joined,
  copy: SingleCopy,
  attempt: string,
): Promise<readonly PartsPointer[]> {
  const opened = await copyApart(joined, copy, { first: true, stop: apart.signal });
  try {
    const { past } = opened.run.journal;
    const { parts } = await openCopy(opened.plan, opened.run);
    if (past.moved) return [];
    const left = parts.map(({ id }) => id).filter((id) => !past.copied.has(id));
    const isOne = opened.plan.sinkPlan.processes === 'one by one' || keepsPace(copy.step);
    return partsPointers({ copy: copy.name, attempt }, left, isOne);
  } finally {
    await opened.close();
  }
}

/** A pointer for each part, or one for all of them where one process is to copy them. */
export function partsPointers(
  about: Pick<PartsPointer, 'copy' | 'attempt'>,
  parts: readonly string[],
  isOne: boolean,
): readonly PartsPointer[] {
  if (!isOne) return parts.map((id) => ({ ...about, worker: id, parts: [id], workers: parts.length }));
  return parts.length === 0 ? [] : [{ ...about, worker: ALL_PARTS, parts, workers: 1 }];
}

/** @throws SluiceError usage */
export function copyStepNamed({ declaration }: Apart, name: string): CopyStep {
  const step = copySteps(declaration.steps).find((each) => each.name === name);
  if (!step) throw noSuchStep(name);
  return step;
}
