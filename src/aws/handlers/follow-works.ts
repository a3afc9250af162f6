import { openFollower } from '../../flow/handed/open-follower.js';
import type { Work, Works } from './deployed.js';
import { behindStream, type StreamEvent, sequenceOf } from './events/stream-event.js';
import { followEvent } from './follow.js';
import { codeOf, keeping, within } from './keeping.js';
import { lastingRun, namedReplicate } from './named-replicate.js';

const withFollower = keeping(async (deployed) => {
  const step = namedReplicate(deployed);
  const run = lastingRun(deployed, step);
  return await within(run, () => openFollower(run.world, step, run.rejects));
});

const event: Work = async (deployed, asked, about) => {
  const { time, log } = about;
  const { name } = namedReplicate(deployed);
  const changes = asked as unknown as StreamEvent;
  return await withFollower(deployed, about, async (follower) => {
    const { answer, outcome } = await followEvent(follower, changes, time.until);
    const { again, failure } = outcome;
    const { read, written, unchanged, rejected } = outcome.counts;
    const counts = { Read: read, Written: written, Rejected: rejected };
    log.counted(name, { ...counts, ...behindStream(changes, again) });
    const say = rejected > 0 ? log.warned : log.said;
    say('followed', { read, written, unchanged, rejected, again });
    // Only a call that failed is told to alarms, and tried with half of its changes.
    if (failure && again === sequenceOf(changes.Records[0])) throw failure.error;
    if (failure) log.warned('to come again', { code: codeOf(failure.error) });
    return { result: answer, failure };
  });
};

/** Of the function of a replicate. */
export const followWorks: Works = { event };
