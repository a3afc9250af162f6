import type { Refused } from '../../connectors/connector.js';
import type { Delivery, Misfit } from '../../connectors/queue.js';
import { SluiceError } from '../../errors.js';
import { addCounters, type Counters, zeroCounters } from '../counters.js';
import { QUEUE_PART, receivedToken } from '../journal.js';
import { checkRejectLimit, type RejectRecord, rejectRecord } from '../rejects.js';
import type { Held } from './held-messages.js';
import type { ReceiveRun } from './receive.js';
import type { Receiving } from './receiving.js';

/** What became of messages that were written together. */
export interface Settled {
  readonly written: readonly Held[];
  /** The sink held them, or newer rows of their keys. */
  readonly unchanged: readonly Held[];
  readonly refused: readonly { readonly held: Held; readonly reason: Omit<Refused, 'row'> }[];
  readonly units: number;
}

/** What of a receiver settles messages. */
export type Settling = Pick<ReceiveRun, 'run' | 'rejects' | 'times' | 'counters' | 'unreceived'> & {
  readonly journal: Pick<ReceiveRun['journal'], 'commit'>;
};

/**
 * Settles messages: what is known of them is durable before they leave the queue (invariant 1), each is exactly one of
 * written, unchanged and rejected (invariant 2), and a refused one lies on the redrive queue with its reason.
 */
export class Outcomes {
  readonly #receiving: Receiving;
  readonly #run: Settling;
  readonly #stamp = Date.now().toString(36);
  #next = 0;

  constructor(receiving: Receiving, run: Settling) {
    this.#receiving = receiving;
    this.#run = run;
  }

  /** A name for a batch of messages that no other attempt at this run gives. */
  token(): string {
    return receivedToken(this.#stamp, this.#next++);
  }

  async settle(token: string, { written, unchanged, refused, units }: Settled): Promise<void> {
    const { queue } = this.#receiving;
    const { rejects, journal, times, unreceived } = this.#run;
    const kept = [...written, ...unchanged];
    const all = [...kept, ...refused.map(({ held }) => held)];
    const counts: Counters = {
      read: all.length,
      written: written.length,
      unchanged: unchanged.length,
      rejected: refused.length,
      bytes: all.reduce((sum, { delivery }) => sum + delivery.batch.bytes, 0),
      units,
    };
    // Shown from now on, when the sink has taken them: what follows takes time of its own.
    addCounters(this.#run.counters, counts);
    await Promise.all([
      times.add(kept.map(({ key, delivery }) => ({ key, readAtMs: delivery.origin.readAtMs }))),
      refused.length > 0
        ? rejects.add(refused.map(({ held, reason }) => this.#record(held.delivery, reason)))
        : undefined,
    ]);
    await journal.commit(token, counts);
    // Without a redrive queue the reject file alone holds what was refused.
    const isKept = this.#receiving.description.redrive !== undefined;
    const gone = isKept ? kept : all;
    if (gone.length > 0) await queue.remove(gone.map(({ delivery }) => delivery));
    if (isKept) for (const { held, reason } of refused) await queue.setAside(held.delivery, reason);
    unreceived?.settle(all.map(({ key }) => key));
    this.#checkLimit(refused.at(-1)?.reason);
  }

  /** A message that holds no row of this step: it is set aside at once, and blocks nothing. */
  async misfit(message: Delivery | Misfit): Promise<void> {
    const reason = reasonAgainst(message);
    const { rejects, journal, counters } = this.#run;
    const { name, redrive } = this.#receiving.description;
    if (!redrive) throw nowhere(name, reason);
    await rejects.add([this.#record(message, reason)]);
    const bytes = message.kind === 'row' ? message.batch.bytes : 0;
    const counts = { ...zeroCounters(), read: 1, rejected: 1, bytes };
    await journal.commit(this.token(), counts);
    await this.#receiving.queue.setAside(message, reason);
    addCounters(counters, counts);
    this.#checkLimit(reason);
  }

  #record(message: Delivery | Misfit, reason: Omit<Refused, 'row'>): RejectRecord {
    return receivedReject(message, { ...reason, step: this.#receiving.name, run: this.#run.run });
  }

  #checkLimit(last: Omit<Refused, 'row'> | undefined): void {
    if (last) checkRejectLimit(this.#receiving.step.rejects.limit, this.#run.counters, false, last);
  }
}

/** What is no row is kept by a redrive queue only: without one it would be lost, or come again and again. */
function nowhere(queue: string, { code, message }: Omit<Refused, 'row'>): SluiceError {
  return new SluiceError(code, `${queue} holds a message that is no row of this step: ${message}`, {
    hint: 'give the queue a redrive queue, where such messages are set aside; or take the message away',
  });
}

function reasonAgainst(message: Delivery | Misfit): Omit<Refused, 'row'> {
  if (message.kind === 'misfit') return { code: 'message_unfit', message: message.message };
  const { pipeline, step } = message.origin;
  return { code: 'message_stray', message: `it was sent by the step ${step} of the pipeline ${pipeline}` };
}

/** What the reject file keeps of a message: its row as it came, which is not mapped again. */
export function receivedReject(
  message: Delivery | Misfit,
  about: Omit<Refused, 'row'> & { readonly step: string; readonly run: string },
): RejectRecord {
  const { step, run, ...reason } = about;
  const { batch, key } = message.kind === 'row' ? message : { batch: nothing, key: [] };
  const identity = { step, run, part: QUEUE_PART, token: message.id, key };
  const record = rejectRecord({ ...reason, row: 0 }, batch, identity);
  return {
    ...record,
    attempts: Math.max(1, message.receives),
    received: message.kind,
    ...(message.kind === 'row' ? { readAtMs: message.origin.readAtMs } : {}),
  };
}

const nothing = { columns: [], rows: [], bytes: 0 };
