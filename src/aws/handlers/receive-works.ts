import { randomUUID } from 'node:crypto';
import type { CopyStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { openHandedRun } from '../../flow/handed/handed-run.js';
import { notReceived } from '../../flow/handed/not-received.js';
import { type OpenReceiver, openReceiver, type SharedReceiving } from '../../flow/handed/open-receiver.js';
import { copySteps } from '../../flow/scope.js';
import type { Deployed, Work, WorkAbout, Works } from './deployed.js';
import { type BatchAnswer, messagesOf, type SqsEvent } from './events/sqs-event.js';
import { codeOf, keeping, type Used, within } from './keeping.js';
import { receiveEvent } from './receive.js';

const withReceiver = keeping((deployed, until) => opened(deployed, receivedStep(deployed), until));

const event: Work = async (deployed, asked, about) => {
  const messages = asked as unknown as SqsEvent;
  let isOpen = false;
  try {
    return await withReceiver(deployed, about, async (receiver) => {
      isOpen = true;
      return await received(deployed, receiver, messages, about);
    });
  } catch (error) {
    if (!isOpen) await giveBack(deployed, messages, about);
    throw error;
  }
};

/** Of the function that a copy's queue is mapped to. */
export const receiveWorks: Works = { event };

async function received(
  deployed: Deployed,
  receiver: OpenReceiver,
  messages: SqsEvent,
  { time, log }: WorkAbout,
): Promise<Used<BatchAnswer>> {
  const { name } = receivedStep(deployed);
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
}

/** What was handed over before it was known that the sink is away is not hidden for as long as what is at work. */
async function giveBack(deployed: Deployed, messages: SqsEvent, { time }: WorkAbout): Promise<void> {
  const step = receivedStep(deployed);
  const run = openHandedRun({ ...deployed, signal: time.signal }, step);
  await notReceived(run.world, step, messagesOf(messages), time.signal);
  await run.close();
}

/** No call of a function lasts longer: whoever has had a key for so long is not at work any more. */
const HOLD_MS = 900_000;
/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html: no mapping allows fewer. */
const FEWEST_WORKERS = 2;

/** Gives up with `until`: there is time then to give back what was handed over. */
async function opened(deployed: Deployed, step: CopyStep, until: AbortSignal): Promise<OpenReceiver> {
  const opening = new AbortController();
  const giveUp = () => opening.abort(until.reason);
  until.addEventListener('abort', giveUp, { once: true });
  const run = openHandedRun({ ...deployed, signal: opening.signal }, step);
  try {
    return await within(run, () => openReceiver(run.world, step, sharedOf(deployed, step, run.rejects)));
  } catch (error) {
    throw opening.signal.aborted ? opening.signal.reason : error;
  } finally {
    until.removeEventListener('abort', giveUp);
  }
}

function sharedOf(
  { state, env }: Deployed,
  step: CopyStep,
  rejects: SharedReceiving['rejects'],
): SharedReceiving {
  const owner = randomUUID();
  return {
    workers: Number(env['SLUICE_WORKERS'] ?? FEWEST_WORKERS),
    rejects,
    times: (retentionSeconds) => {
      const times = state.sharedTimes?.({ step: step.name, owner, holdMs: HOLD_MS, retentionSeconds });
      if (times) return times;
      throw new SluiceError('unsupported', 'receivers that are functions share a state in a table');
    },
  };
}

function receivedStep({ declaration, env }: Deployed): CopyStep {
  const name = env['SLUICE_STEP'];
  const step = copySteps(declaration.steps).find((each) => each.name === name);
  if (!step) throw new SluiceError('usage', 'SLUICE_STEP names no copy of the pipeline');
  return step;
}
