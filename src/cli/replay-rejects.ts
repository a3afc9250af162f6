import type { Declaration } from '../declare/declaration.js';
import type { Replayed } from '../engine/replay.js';
import { SluiceError } from '../errors.js';
import type { AsidePlaces } from '../flow/handed/replay-aside.js';
import { takeLease } from '../flow/open-run.js';
import { lookingBack } from '../flow/recall.js';
import { type RedriveQueue, readRedrives } from '../flow/redrive.js';
import { isOutdated, openRejects, replayRejects } from '../flow/rejects.js';
import {
  discardFiled,
  discardMessages,
  type RefusedMessages,
  refusedCount,
  replayMessages,
} from '../flow/replay-received.js';
import type { World } from '../flow/scope.js';
import type { OutstandingRejects } from '../journal/read-rejects.js';
import type { Guard } from '../journal/state.js';
import { exitStatus } from './exit-status.js';
import { type Interrupt, onInterrupt } from './interrupt.js';
import type { Io } from './io.js';
import { condition, filterRejects, type RejectFilter } from './list-rejects.js';
import { replayAside, type Waiting } from './replay-aside.js';
import { openSession, openState } from './session.js';
import { count, table } from './text.js';

export interface ReplayOptions extends RejectFilter {
  readonly dryRun?: boolean | undefined;
  /** Give them up instead of sending them. */
  readonly discard?: boolean | undefined;
  readonly wait?: boolean | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
  /** Of a deployed pipeline: where services have put changes aside. */
  readonly aside?: AsidePlaces | undefined;
}

/** All replays of a sink share this in its ledger: a reject that was written once is known by its token. */
const REPLAY_RUN = 'replay';

/** `sluice replay`: sends open rejects again. Gives the exit status. */
export async function replayAll(declaration: Declaration, io: Io, options: ReplayOptions): Promise<number> {
  const interrupt = onInterrupt(io);
  const state = await openState(declaration, io, options.state);
  const { signal } = interrupt;
  try {
    const aside = await replayAside(declaration, io, state, options, signal);
    const lease = await takeLease({ state, wait: options.wait ?? false, signal });
    const { recalled } = await lookingBack(declaration, state);
    const world = openSession(declaration, io, { state, run: REPLAY_RUN, recalled, signal });
    try {
      const open = filterRejects(await openRejects(world), options).filter(
        ({ records }) => records.length > 0,
      );
      const chosen = open.filter((rejects) => !isOutdated(declaration, rejects));
      sayOutdated(
        open.filter((rejects) => !chosen.includes(rejects)),
        io,
      );
      const parts = chosen.flatMap(apart);
      const queues = await reachableRedrives(world, io, options);
      try {
        const messages = queues.map((redrive) => refusedMessages(redrive, parts, options));
        const rows = parts.filter(({ records }) => records.every(({ received }) => received === undefined));
        if (options.dryRun)
          return sayWhat(rows, [...aside.waiting, ...waitingIn(messages)], io, options.json === true);
        const work = { world, rows, messages, guard: lease, stop: signal };
        const sums = options.discard ? await discardAll(work) : await sendAll(work);
        for (const [step, counts] of aside.sums) addTo(sums, step, counts);
        return report(sums, io, { ...options, left: aside.left }, interrupt);
      } finally {
        for (const queue of queues) await queue.close();
      }
    } finally {
      await world.connections.close();
      await lease.release();
    }
  } finally {
    interrupt.dispose();
  }
}

/** What is on a redrive queue is kept from others for so long, so that it can be sent again in peace. */
const HOLD_SECONDS = 600;

/** Who only sends may not read what the receiver set aside: it is said, and what is in files is sent again. */
async function reachableRedrives(
  world: World,
  io: Io,
  { step }: RejectFilter,
): Promise<readonly RedriveQueue[]> {
  try {
    return await readRedrives(world, HOLD_SECONDS, ({ name }) => step === undefined || name === step);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    io.err(`the redrive queue could not be read: ${error.message}`);
    return [];
  }
}

/** Rows that a source gave and rows that came by a queue, apart: they take other ways. */
function apart<T extends OutstandingRejects>(rejects: T): readonly T[] {
  const received = rejects.records.filter((record) => record.received !== undefined);
  const read = rejects.records.filter((record) => record.received === undefined);
  return [received, read].flatMap((records) => (records.length > 0 ? [{ ...rejects, records }] : []));
}

function refusedMessages(
  redrive: RedriveQueue,
  parts: readonly OutstandingRejects[],
  { where }: RejectFilter,
): RefusedMessages {
  const files = parts.filter(
    ({ step, records }) =>
      step === redrive.step.name && records.every(({ received }) => received !== undefined),
  );
  return { redrive, files, isChosen: where === undefined ? () => true : condition(where) };
}

interface Work {
  readonly world: World;
  readonly rows: readonly OutstandingRejects[];
  readonly messages: readonly RefusedMessages[];
  readonly guard: Guard;
  readonly stop: AbortSignal;
}

type Sums = Map<string, Replayed & { discarded: number }>;

async function sendAll({ world, rows, messages, guard, stop }: Work): Promise<Sums> {
  const sums: Sums = new Map();
  for (const rejects of rows) {
    const request = { rejects, records: rejects.records };
    addTo(sums, rejects.step, await replayRejects(world, request, guard, stop));
  }
  for (const refused of messages) {
    if (isEmpty(refused)) continue;
    addTo(sums, refused.redrive.step.name, await replayMessages(world, refused, guard, stop));
  }
  return sums;
}

async function discardAll({ world, rows, messages, guard, stop }: Work): Promise<Sums> {
  const sums: Sums = new Map();
  for (const rejects of rows)
    addTo(sums, rejects.step, { discarded: await discardFiled(world, rejects, guard) });
  for (const refused of messages) {
    if (isEmpty(refused)) continue;
    addTo(sums, refused.redrive.step.name, { discarded: await discardMessages(world, refused, guard, stop) });
  }
  return sums;
}

function isEmpty({ redrive, files }: RefusedMessages): boolean {
  return files.length === 0 && redrive.messages.size === 0;
}

function addTo(sums: Sums, step: string, more: Partial<Replayed & { discarded: number }>): void {
  const sum = sums.get(step) ?? { written: 0, unchanged: 0, rejected: 0, discarded: 0 };
  sum.written += more.written ?? 0;
  sum.unchanged += more.unchanged ?? 0;
  sum.rejected += more.rejected ?? 0;
  sum.discarded += more.discarded ?? 0;
  sums.set(step, sum);
}

function sayOutdated(outdated: readonly OutstandingRejects[], io: Io): void {
  for (const { step, run, records } of outdated) {
    const rows = `${count(records.length)} rejects of run ${run}`;
    io.err(
      `${step}: ${rows} stay: their rows may have changed since; sluice verify and sluice repair mend them`,
    );
  }
}

function waitingIn(messages: readonly RefusedMessages[]): readonly Waiting[] {
  return messages.flatMap((refused) => {
    const step = refused.redrive.step.name;
    const count = refusedCount(refused);
    return count > 0 ? [{ step, run: 'by its queue', rows: count }] : [];
  });
}

function sayWhat(
  chosen: readonly OutstandingRejects[],
  others: readonly Waiting[],
  io: Io,
  json: boolean,
): number {
  const rows = [...chosen.map(({ step, run, records }) => ({ step, run, rows: records.length })), ...others];
  if (json) io.out(JSON.stringify({ event: 'summary', dryRun: true, steps: rows }));
  else if (rows.length === 0) io.out('no rejects: nothing to send again');
  else
    io.out(
      table(
        ['step', 'run', 'would be sent'],
        rows.map((row) => [row.step, row.run, count(row.rows)]),
      ).join('\n'),
    );
  return exitStatus.complete;
}

function report(
  sums: Sums,
  io: Io,
  { json, discard, left }: ReplayOptions & { readonly left: readonly string[] },
  interrupt: Interrupt,
): number {
  const rows = [...sums].map(([name, { discarded, ...sum }]) => ({
    name,
    ...sum,
    ...(discard ? { discarded } : {}),
  }));
  if (json) io.out(JSON.stringify({ event: 'summary', outcome: 'replayed', steps: rows }));
  else if (rows.length === 0) io.out('no rejects: nothing to send again');
  else {
    const cells = rows.map((row) => [
      row.name,
      count(row.written),
      count(row.unchanged),
      count(row.rejected),
      ...(discard ? [count(row.discarded ?? 0)] : []),
    ]);
    const header = ['step', 'written', 'unchanged', 'refused again', ...(discard ? ['discarded'] : [])];
    io.out(table(header, cells, new Set([1, 2, 3, 4])).join('\n'));
  }
  const stays = left.length > 0 || rows.some((row) => row.rejected > 0);
  return interrupt.status() ?? (stays ? exitStatus.rejects : exitStatus.complete);
}
