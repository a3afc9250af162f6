import type { Part } from '../connectors/connector.js';
import { SluiceError } from '../errors.js';
import { type CopyRun, isLastWins } from './copy-run.js';
import { isPlaced, type StepPast } from './journal.js';
import type { CopyPlan } from './plan.js';

/**
 * Opens the sink and decides the parts, or finds them decided by an earlier attempt. What is returned is in the journal:
 * parts can be copied by other processes, each of which joins first.
 * @throws SluiceError not_resumable where an appending sink holds rows of a source that cannot be gone on with
 */
export async function openCopy(plan: CopyPlan, run: CopyRun): Promise<{ readonly parts: readonly Part[] }> {
  const { past } = run.journal;
  if (past.parts) {
    await plan.sink.open({ resume: past.moved || goesOn(plan, past) });
    return { parts: past.parts };
  }
  await plan.sink.open({ resume: false });
  const parts = await plan.source.parts(isLastWins(plan) ? 1 : plan.step.parallel);
  if (plan.window) await run.journal.window(plan.window);
  await run.journal.begin(parts, plan.description.rows);
  return { parts };
}

/**
 * Opens the sink of a copy that another process has opened: to copy parts of it, or to finish it.
 * @throws SluiceError not_resumable
 */
export async function joinCopy(plan: CopyPlan, run: CopyRun): Promise<void> {
  const { past } = run.journal;
  if (!past.parts) throw new Error('a copy is opened before others join it');
  if (!past.moved && !isPlaced(past.intents) && plan.sinkPlan.appends) throw notResumable(plan);
  await plan.sink.open({ resume: true });
}

/** Whether what was written stays; otherwise all of it is written again. */
function goesOn(plan: CopyPlan, past: StepPast): boolean {
  const placed = isPlaced(past.intents);
  if (!placed && plan.sinkPlan.appends && !plan.sinkPlan.restarts) throw notResumable(plan);
  return placed;
}

/** A source without positions was left in its middle. */
export function notResumable(plan: CopyPlan): SluiceError {
  return new SluiceError('not_resumable', `${plan.name}: ${plan.description.name} has no key to go on from`, {
    hint: 'what was appended before the interruption stays; remove it and run with --fresh, or use mode replace',
  });
}
