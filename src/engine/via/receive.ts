import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery, Misfit } from '../../connectors/queue.js';
import type { CopyRun } from '../copy-run.js';
import { type HeldLimits, HeldMessages } from './held-messages.js';
import { keepHidden } from './keep-hidden.js';
import { Outcomes } from './outcomes.js';
import type { Receiving } from './receiving.js';
import { rowKey } from './row-key.js';
import type { SharedSourceTimes } from './source-times.js';
import type { Unreceived } from './unreceived.js';
import { writeMessages } from './write-messages.js';

/** What the receiving half is run with. */
export interface ReceiveRun extends CopyRun {
  readonly pipeline: string;
  readonly times: SharedSourceTimes;
  /** Ends when the queue is empty; otherwise only by `stop`. */
  readonly drain: boolean;
  /** Of the sending half in this run: what it ends for. */
  readonly unreceived?: Unreceived;
  /** What earlier attempts of this run sent may lie in the queue still. */
  readonly isResumed: boolean;
}

/** The service gives at most so many at once: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
const AT_ONCE = 10;
const MAX_RECEIVERS = 4;
/** Waiting for a message keeps a run from its end for so long, and from heeding a signal. */
const WAIT_SECONDS = 3;
const WAIT_SECONDS_AT_END = 1;
/** Reads run ahead of the pace by so much. */
const AHEAD_SECONDS = 2;
/** So often in a row the queue was empty when it is taken to be. */
const EMPTY_TIMES = 2;
/** What was sent and does not come is taken to have gone to another receiver: the service's counts are that late. */
const GONE_MS = 60_000;

/**
 * The receiving half of a copy: receive → group → pace → write → only then remove. Ends as `ReceiveRun.drain` says.
 * Throws the first failure after everything has stopped; what is held is the queue's again then.
 */
export async function receiveAll(receiving: Receiving, run: ReceiveRun): Promise<void> {
  const { queue, description } = receiving;
  const writers = writerCount(receiving, run.pacer);
  const limits = limitsOf(receiving, run, writers);
  const held = new HeldMessages(limits);
  const outcomes = new Outcomes(receiving, run);
  const letGoOfHeld = async () => {
    await stopHiding();
    const all = held.all();
    await letGo(
      receiving,
      all.map(({ delivery }) => delivery),
    );
    held.done(all);
  };
  const end = new Ending(held, run, letGoOfHeld);
  const stopHiding = keepHidden(queue, held, description.visibilitySeconds, (error) => end.fail(error));
  const most = run.pacer.limits ? Math.ceil(limits.messages / writers) : receiving.sinkPlan.batch.rows;
  const work = { receiving, run, held, outcomes, waiting: end.waiting };
  const writing = Array.from({ length: writers }, () => writeMessages(work, most));
  const coming = new Coming(receiving, run, held, outcomes);
  const receivers = run.pacer.limits ? 1 : Math.min(MAX_RECEIVERS, writers);
  const reading = Array.from({ length: receivers }, () => coming.receive());
  const read = Promise.all(reading.map((promise) => promise.catch((error) => end.fail(error))));
  await Promise.all([
    read.then(() => held.close()),
    ...writing.map((promise) => promise.catch((error) => end.fail(error))),
  ]);
  await letGoOfHeld();
  end.throwFailure();
}

/** After a failure or a request to stop, what is being written gets this long. */
const GRACE_MS = 8_000;
/** And what is held is given back within this time before that is given up: nothing can be called afterwards. */
const LET_GO_MS = 2_000;

/** What ends the work: the first failure, or a request to stop. */
class Ending {
  readonly #held: HeldMessages;
  readonly #run: ReceiveRun;
  readonly #letGo: () => Promise<void>;
  readonly #waits = new AbortController();
  readonly #onStop = () => this.fail(this.#run.stop.reason);
  /** Ends waits for the pace. */
  readonly waiting: AbortSignal;
  #first: { readonly error: unknown } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(held: HeldMessages, run: ReceiveRun, letGo: () => Promise<void>) {
    this.#held = held;
    this.#run = run;
    this.#letGo = letGo;
    this.waiting = AbortSignal.any([run.signal, this.#waits.signal]);
    run.stop.addEventListener('abort', this.#onStop, { once: true });
    if (run.stop.aborted) this.#onStop();
  }

  fail(error: unknown): void {
    this.#first ??= { error };
    this.#held.fail(error);
    this.#waits.abort(error);
    this.#timer ??= setTimeout(() => void this.#giveUp(error), GRACE_MS);
  }

  async #giveUp(error: unknown): Promise<void> {
    const late = sleep(LET_GO_MS, undefined, { ref: false });
    await Promise.race([this.#letGo(), late]);
    this.#run.abort(error);
  }

  throwFailure(): void {
    clearTimeout(this.#timer);
    this.#run.stop.removeEventListener('abort', this.#onStop);
    if (this.#first) throw this.#first.error;
  }
}

/** What was received and not written is to be seen by others at once, not when its time is over. Never throws. */
async function letGo({ queue }: Receiving, received: readonly (Delivery | Misfit)[]): Promise<void> {
  if (received.length === 0) return;
  try {
    await queue.extend(received, 0);
  } catch {
    // The queue lets go of them by itself, later; what ended the run is thrown.
  }
}

/** A pace of one row a second needs no second writer. */
export function writerCount({ step, sinkPlan }: Receiving, pacer: CopyRun['pacer']): number {
  const wanted = Math.min(step.parallel, sinkPlan.maxWriters);
  const items = pacer.limits ? (step.pace.items ?? step.pace.writeUnits) : undefined;
  return Math.max(1, Math.min(wanted, Math.ceil(items ?? wanted)));
}

function limitsOf({ step, sinkPlan }: Receiving, run: CopyRun, writers: number): HeldLimits {
  const { rows, bytes } = sinkPlan.batch;
  if (!run.pacer.limits) return { messages: rows * (writers + 1), bytes: bytes * (writers + 1) };
  const perSecond = step.pace.items ?? step.pace.writeUnits ?? rows;
  return {
    messages: Math.max(1, Math.min(rows * (writers + 1), Math.floor(AHEAD_SECONDS * perSecond))),
    bytes: Math.max(1, Math.min(bytes * (writers + 1), AHEAD_SECONDS * (step.pace.bytes ?? bytes))),
  };
}

/** Whether it was sent by the step's own sending half. */
export function isOfStep(
  { origin }: Delivery,
  { name }: Pick<Receiving, 'name'>,
  { pipeline }: Pick<ReceiveRun, 'pipeline'>,
): boolean {
  return origin.pipeline === pipeline && origin.step === name;
}

/** What comes from the queue, until nothing more is to come. Several receivers share one. */
class Coming {
  readonly #receiving: Receiving;
  readonly #run: ReceiveRun;
  readonly #held: HeldMessages;
  readonly #outcomes: Outcomes;
  #empty = 0;
  #lastMs = performance.now();
  #isOver = false;

  constructor(receiving: Receiving, run: ReceiveRun, held: HeldMessages, outcomes: Outcomes) {
    this.#receiving = receiving;
    this.#run = run;
    this.#held = held;
    this.#outcomes = outcomes;
  }

  async receive(): Promise<void> {
    const { queue } = this.#receiving;
    for (;;) {
      await this.#held.room();
      if (this.#isOver) return;
      const wasDone = this.#isDone();
      const { drain, unreceived } = this.#run;
      const waitSeconds = drain || unreceived ? WAIT_SECONDS_AT_END : WAIT_SECONDS;
      const received = await queue.receive({ max: Math.min(AT_ONCE, this.#held.free), waitSeconds });
      if (received.length > 0) {
        await this.#take(received);
        // What others go on sending is not waited for.
        if (wasDone && !received.some((message) => this.#isOfThisRun(message))) this.#isOver = true;
      } else if (this.#isDone() || (await this.#isEmpty())) this.#isOver = true;
    }
  }

  async #take(received: readonly (Delivery | Misfit)[]): Promise<void> {
    this.#empty = 0;
    this.#lastMs = performance.now();
    const { sinkPlan } = this.#receiving;
    const others: (Delivery | Misfit)[] = [];
    for (const message of received) {
      if (message.kind === 'row' && isOfStep(message, this.#receiving, this.#run)) {
        this.#held.add([{ delivery: message, key: rowKey(message.batch, 0, sinkPlan.key) }]);
      } else others.push(message);
    }
    for (const [index, message] of others.entries()) {
      try {
        await this.#outcomes.misfit(message);
      } catch (error) {
        await letGo(this.#receiving, others.slice(index));
        throw error;
      }
    }
  }

  #isOfThisRun(message: Delivery | Misfit): boolean {
    return message.kind === 'row' && message.origin.run === this.#run.run;
  }

  /** All that this run has sent is done with. Some of it may come once more: the service may have taken it twice. */
  #isDone(): boolean {
    const { unreceived, isResumed } = this.#run;
    return unreceived?.isComplete === true && unreceived.size === 0 && !isResumed;
  }

  async #isEmpty(): Promise<boolean> {
    const { drain, unreceived } = this.#run;
    if (!drain && !unreceived) return false;
    if (unreceived && !unreceived.isComplete) return false;
    if (this.#held.size > 0) return false;
    const { waiting, inFlight } = await this.#receiving.queue.describe();
    this.#empty = waiting === 0 && inFlight === 0 ? this.#empty + 1 : 0;
    if (this.#empty < EMPTY_TIMES) return false;
    const isMissing = unreceived !== undefined && unreceived.size > 0;
    return !isMissing || performance.now() - this.#lastMs > GONE_MS;
  }
}
