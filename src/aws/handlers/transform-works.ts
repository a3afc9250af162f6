import { openMapper } from '../../flow/handed/open-mapper.js';
import type { Work, Works } from './deployed.js';
import type { FirehoseEvent } from './events/firehose-event.js';
import { keeping, within } from './keeping.js';
import { lastingRun, namedReplicate } from './named-replicate.js';
import { transformEvent } from './transform.js';

const withMapper = keeping(async (deployed) => {
  const step = namedReplicate(deployed);
  const run = lastingRun(deployed, step);
  return await within(run, () => openMapper(run.world, step, run.rejects));
});

const event: Work = async (deployed, asked, about) => {
  const { log } = about;
  const { name } = namedReplicate(deployed);
  return await withMapper(deployed, about, async (mapper) => {
    const { answer, counts } = await transformEvent(mapper, asked as unknown as FirehoseEvent);
    const { read, written: mapped, rejected } = counts;
    const aside = answer.records.filter(({ result }) => result === 'ProcessingFailed').length;
    // What is mapped is counted as read by whoever loads it.
    log.counted(name, { Rejected: rejected, SetAside: aside });
    const say = rejected + aside > 0 ? log.warned : log.said;
    say('transformed', { read, mapped, rejected, aside });
    return { result: answer };
  });
};

/** Of the function that a delivery stream has its records transformed by. */
export const transformWorks: Works = { event };
