import type { ReplicateStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { openHandedRun } from '../../flow/handed/handed-run.js';
import { type OpenFollower, openFollower } from '../../flow/handed/open-follower.js';
import { replicateSteps } from '../../flow/scope.js';
import type { Deployed, Work, Works } from './deployed.js';
import { behindStream, type StreamEvent, sequenceOf } from './events/stream-event.js';
import { followEvent } from './follow.js';
import { KeptOpen } from './kept-open.js';

const followers = new KeptOpen<OpenFollower>((deployed) => opened(deployed, followedStep(deployed)));

const event: Work = async (deployed, asked, about) => {
  const { time, log } = about;
  const { name } = followedStep(deployed);
  try {
    return await followers.use(deployed, about, async (follower) => {
      const changes = asked as unknown as StreamEvent;
      const { answer, outcome } = await followEvent(follower, changes, time.until);
      const { read, written, unchanged, rejected } = outcome.counts;
      const counts = { Read: read, Written: written, Rejected: rejected };
      log.counted(name, { ...counts, ...behindStream(changes, outcome.again) });
      const say = rejected > 0 ? log.warned : log.said;
      say('followed', { read, written, unchanged, rejected, again: outcome.again });
      if (!outcome.failure) return answer;
      // Only a call that failed is told to alarms, and tried with half of its changes.
      if (outcome.again === sequenceOf(changes.Records[0])) throw outcome.failure.error;
      log.warned('to come again', { code: codeOf(outcome.failure.error) });
      if (!isOfRows(outcome.failure.error)) await followers.giveBack(deployed);
      return answer;
    });
  } catch (error) {
    if (!isOfRows(error)) await followers.giveBack(deployed);
    throw error;
  }
};

function isOfRows(error: unknown): boolean {
  return codeOf(error) === 'rejects_exceeded';
}

function codeOf(error: unknown): string {
  return error instanceof SluiceError ? error.code : 'bug';
}

/** Of the function of a replicate. */
export const followWorks: Works = { event };

async function opened(deployed: Deployed, step: ReplicateStep): Promise<OpenFollower> {
  const run = openHandedRun({ ...deployed, signal: new AbortController().signal }, step);
  const follower = await openFollower(run.world, step, run.rejects);
  return {
    ...follower,
    close: async () => {
      await follower.close();
      await run.close();
    },
  };
}

function followedStep({ declaration, env }: Deployed): ReplicateStep {
  const name = env['SLUICE_STEP'];
  const step = replicateSteps(declaration.steps).find((each) => each.name === name);
  if (!step) throw new SluiceError('usage', 'SLUICE_STEP names no replicate of the pipeline');
  return step;
}
