import { randomUUID } from 'node:crypto';
import type { CopyStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { openHandedRun } from '../../flow/handed/handed-run.js';
import { type OpenReceiver, openReceiver } from '../../flow/handed/open-receiver.js';
import { copySteps } from '../../flow/scope.js';
import type { Deployed, Work, Works } from './deployed.js';
import type { SqsEvent } from './events/sqs-event.js';
import { codeOf, keeping, within } from './keeping.js';
import { receiveEvent } from './receive.js';

const withReceiver = keeping((deployed) => opened(deployed, receivedStep(deployed)));

const event: Work = async (deployed, asked, about) => {
  const { time, log } = about;
  const { name } = receivedStep(deployed);
  return await withReceiver(deployed, about, async (receiver) => {
    const messages = asked as unknown as SqsEvent;
    const { answer, outcome } = await receiveEvent(receiver, messages, time.until);
    const { read, written, unchanged, rejected } = outcome.counts;
    const again = outcome.again.length;
    log.counted(name, { Received: read, Written: written, Rejected: rejected });
    const say = rejected > 0 ? log.warned : log.said;
    say('received', { read, written, unchanged, rejected, again });
    if (!outcome.failure || time.until.aborted) return { result: answer };
    // Only a call that failed is told to alarms.
    if (again === messages.Records.length) throw outcome.failure.error;
    log.warned('to come again', { code: codeOf(outcome.failure.error), again });
    return { result: answer, failure: outcome.failure };
  });
};

/** Of the function that a copy's queue is mapped to. */
export const receiveWorks: Works = { event };

/** No call of a function lasts longer: whoever has had a key for so long is not at work any more. */
const HOLD_MS = 900_000;
/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html: no mapping allows fewer. */
const FEWEST_WORKERS = 2;

async function opened(deployed: Deployed, step: CopyStep): Promise<OpenReceiver> {
  const run = openHandedRun({ ...deployed, signal: new AbortController().signal }, step);
  const owner = randomUUID();
  const { state, env } = deployed;
  const receiver = await openReceiver(run.world, step, {
    workers: Number(env['SLUICE_WORKERS'] ?? FEWEST_WORKERS),
    rejects: run.rejects,
    times: (retentionSeconds) => {
      const times = state.sharedTimes?.({ step: step.name, owner, holdMs: HOLD_MS, retentionSeconds });
      if (times) return times;
      throw new SluiceError('unsupported', 'receivers that are functions share a state in a table');
    },
  });
  return within(run, receiver);
}

function receivedStep({ declaration, env }: Deployed): CopyStep {
  const name = env['SLUICE_STEP'];
  const step = copySteps(declaration.steps).find((each) => each.name === name);
  if (!step) throw new SluiceError('usage', 'SLUICE_STEP names no copy of the pipeline');
  return step;
}
