import { openDelivery } from '../../flow/handed/open-delivery.js';
import type { Work, Works } from './deployed.js';
import { behindStream, type StreamEvent, sequenceOf } from './events/stream-event.js';
import { forwardEvent } from './forward.js';
import { codeOf, keeping } from './keeping.js';
import { lastingRun, namedReplicate } from './named-replicate.js';

const withDelivery = keeping(async (deployed) => {
  const step = namedReplicate(deployed);
  return await openDelivery(lastingRun(deployed, step).world, step);
});

const event: Work = async (deployed, asked, about) => {
  const { log } = about;
  const { name } = namedReplicate(deployed);
  const changes = asked as unknown as StreamEvent;
  return await withDelivery(deployed, about, async ({ stream }) => {
    const { answer, put, failure } = await forwardEvent(stream, changes);
    const [again] = answer.batchItemFailures;
    const { Waiting } = behindStream(changes, again?.itemIdentifier);
    log.counted(name, { Waiting });
    log.said('forwarded', { read: changes.Records.length, put, again: again?.itemIdentifier });
    // Only a call that failed is told to alarms, and tried with half of its changes.
    if (failure && again?.itemIdentifier === sequenceOf(changes.Records[0])) throw failure.error;
    if (failure) log.warned('to come again', { code: codeOf(failure.error) });
    return { result: answer, failure };
  });
};

/** Of the function that hands the changes of a stream to a delivery stream. */
export const forwardWorks: Works = { event };
