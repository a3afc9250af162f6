import type { Part, ReadRequest } from '../connectors/connector.js';
import type { Batch, Position } from '../values/batch.js';
import type { Channel } from './channel.js';
import type { CopyRun, Parcel } from './copy-run.js';
import { zeroCounters } from './counters.js';
import { QUANTUM_SECONDS } from './gauge.js';
import { type Intent, remainder, type StepPast } from './journal.js';
import type { CopyPlan } from './plan.js';
import { settledRows } from './rejects.js';

/** A part to be read, and where its batches go. */
export interface PartReading {
  readonly part: Part;
  readonly past: StepPast;
  readonly writers: number;
  readonly channel: Channel<Parcel>;
}

/** Reads what is left of a part, in the order that the journal asks for, and sends it on its way. */
export async function readPart(plan: CopyPlan, run: CopyRun, reading: PartReading): Promise<void> {
  const { part, past, writers, channel } = reading;
  const left = remainder(past, part.id, plan.description.ranged === true);
  for (const intent of left.again) await readAgain(plan, run, part, intent, channel);
  const request = {
    ...sizeOfBatches(plan, run, writers),
    ...(left.after === undefined ? {} : { after: left.after }),
  };
  let from = left.after;
  let sequence = left.sequence;
  for await (const incoming of plan.source.read(part, request)) {
    const intent = intentOf(part.id, sequence++, from, incoming);
    const intended = run.journal.intend(intent);
    intended.catch(() => undefined); // whoever writes the batch awaits it and throws
    await send(plan, run, channel, { incoming, part: part.id, token: intent.token, intended });
    from = incoming.position;
    // The next batch is asked for when it has somewhere to go: fewer rows are alive at once (invariant 7).
    await channel.room();
  }
}

/** A batch that may not be in the sink: its rows as they are now, whole, under the same token. */
async function readAgain(
  plan: CopyPlan,
  run: CopyRun,
  part: Part,
  intent: Intent,
  channel: Channel<Parcel>,
): Promise<void> {
  const request: ReadRequest = {
    maxRows: Number.MAX_SAFE_INTEGER,
    maxBytes: Number.MAX_SAFE_INTEGER,
    ...(intent.from === undefined ? {} : { after: intent.from }),
    ...(intent.to === undefined ? {} : { through: intent.to }),
  };
  const { token } = intent;
  const refusedBefore = (await run.rejects.open(new Set([token]))).get(token) ?? new Set<number>();
  let found = false;
  for await (const incoming of plan.source.read(part, request)) {
    found = true;
    await send(plan, run, channel, {
      incoming,
      part: part.id,
      token,
      refusedBefore,
      intended: Promise.resolve(),
    });
  }
  if (found) return;
  await run.rejects.add(settledRows(token, refusedBefore, 'reread'));
  await run.journal.commit(token, zeroCounters());
}

async function send(
  plan: CopyPlan,
  run: CopyRun,
  channel: Channel<Parcel>,
  read: Omit<Parcel, 'batch' | 'origin' | 'dropped'>,
): Promise<void> {
  const { incoming } = read;
  run.counters.read += incoming.rows.length;
  run.counters.bytes += incoming.bytes;
  const { batch, origin, dropped } = plan.transform.apply(incoming);
  await channel.send({ ...read, batch, origin, dropped });
}

function intentOf(part: string, sequence: number, from: Position | undefined, incoming: Batch): Intent {
  const { position: to, rows, bytes } = incoming;
  return {
    token: `${part}.${sequence}`,
    part,
    sequence,
    rows: rows.length,
    bytes,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

/**
 * Reads run ahead of a paced sink by about two seconds' worth, whatever the sink's best batch is. A batch for
 * a sink that appends is not split by the pace (its token is one entry of the ledger), so it is as small as a grant.
 */
function sizeOfBatches(
  plan: CopyPlan,
  run: CopyRun,
  writers: number,
): Pick<ReadRequest, 'maxRows' | 'maxBytes'> {
  const { rows, bytes } = plan.sinkPlan.batch;
  if (!run.pacer.limits) return { maxRows: rows, maxBytes: bytes };
  const seconds = plan.sinkPlan.appends ? QUANTUM_SECONDS : 2 / (writers + 2);
  const perSecond = plan.step.pace.items ?? plan.step.pace.writeUnits ?? rows;
  const bytesPerSecond = plan.step.pace.bytes ?? bytes;
  return {
    maxRows: Math.max(1, Math.min(rows, Math.floor(perSecond * seconds))),
    maxBytes: Math.max(1, Math.min(bytes, Math.floor(bytesPerSecond * seconds))),
  };
}
