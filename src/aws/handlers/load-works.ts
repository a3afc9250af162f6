import { SluiceError } from '../../errors.js';
import { deliveredPrefix, openBucket } from '../../flow/handed/open-deliveries.js';
import { openLoader } from '../../flow/handed/open-loader.js';
import type { Deployed, Work, Works } from './deployed.js';
import type { SqsEvent } from './events/sqs-event.js';
import { codeOf, keeping } from './keeping.js';
import { type LoadOutcome, loadEvent, sweepObjects } from './load.js';
import type { Log, Logged } from './log.js';
import { lastingRun, namedReplicate } from './named-replicate.js';

const withLoader = keeping(async (deployed) => {
  const step = namedReplicate(deployed);
  const run = lastingRun(deployed, step);
  const bucket = bucketOf(deployed);
  const store = await openBucket(run.world, { step, bucket, load: deployed.load });
  const loader = await openLoader(run.world, step, { rejects: run.rejects, store });
  return {
    ...loader,
    place: { bucket, prefix: deliveredPrefix(step.name) },
    close: async () => {
      await loader.close();
      await Promise.all([store.close(), run.close()]);
    },
  };
});

function bucketOf({ env }: Pick<Deployed, 'env'>): string {
  const bucket = env['SLUICE_DELIVERIES'] ?? '';
  if (bucket !== '') return bucket;
  throw new SluiceError('env_missing', 'the environment variable SLUICE_DELIVERIES is not set');
}

const event: Work = async (deployed, asked, about) => {
  const { time, log } = about;
  const { name } = namedReplicate(deployed);
  const told = asked as unknown as SqsEvent;
  return await withLoader(deployed, about, async (loader) => {
    const outcome = await loadEvent(loader, loader.place, told, time.until);
    const { answer, failure } = outcome;
    const again = answer.batchItemFailures.length;
    say(log, name, outcome, { again });
    // Only a call that failed is told to alarms.
    if (failure && again === told.Records.length) throw failure.error;
    if (failure) log.warned('to come again', { code: codeOf(failure.error) });
    return { result: answer, failure };
  });
};

/** By a schedule: what no message tells of any more. */
const sweep: Work = async (deployed, _asked, about) => {
  const { time, log } = about;
  const { name } = namedReplicate(deployed);
  return await withLoader(deployed, about, async (loader) => {
    const outcome = await sweepObjects(loader, loader.place, time.until);
    say(log, name, outcome);
    if (outcome.failure) throw outcome.failure.error;
    return { result: { loaded: outcome.loaded } };
  });
};

function say(
  log: Log,
  step: string,
  { loaded, counts, newestMs }: Omit<LoadOutcome, 'answer'>,
  more: Logged = {},
) {
  const { read, written, unchanged, rejected } = counts;
  const lag = newestMs === undefined ? {} : { Lag: Math.max(0, Date.now() - newestMs) };
  log.counted(step, { Read: read, Written: written, Rejected: rejected, ...lag });
  const tell = rejected > 0 ? log.warned : log.said;
  tell('loaded', { objects: loaded, ...more, read, written, unchanged, rejected });
}

/** Of the function that loads what a delivery stream has put into the bucket. */
export const loadWorks: Works = { event, sweep };
