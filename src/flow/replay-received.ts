import { isPlanned } from '../engine/plan.js';
import type { RejectRecord, RejectSettled } from '../engine/rejects.js';
import { restoredBatch } from '../engine/rejects.js';
import type { Replayed } from '../engine/replay.js';
import { type ReceivedReject, replayReceived } from '../engine/via/replay-received.js';
import { SluiceError } from '../errors.js';
import type { OutstandingRejects } from '../journal/read-rejects.js';
import { RejectLog, type RejectsOf } from '../journal/reject-log.js';
import type { Guard, PipelineState } from '../journal/state.js';
import { prepareCopy } from './plan.js';
import { type RedriveQueue, redriveRecord, redriveRecords } from './redrive.js';
import type { World } from './scope.js';
import { withSourceTimes } from './source-times.js';

/** What was refused when it was received, of one step: by its reject files, and by its redrive queue. */
export interface RefusedMessages {
  readonly redrive: RedriveQueue;
  readonly files: readonly OutstandingRejects[];
  /** Of what is on the redrive queue and in no file, what is meant. */
  readonly isChosen: (record: RejectRecord) => boolean;
}

/** Sends the rows to the sink as they were received. Needs no source. */
export async function replayMessages(
  world: World,
  refused: RefusedMessages,
  guard: Guard,
  stop: AbortSignal,
): Promise<Replayed> {
  const { step, queue } = refused.redrive;
  const { planned } = await prepareCopy(
    { ...world, half: 'receive' },
    { name: step.name, step },
    { replay: true },
  );
  const refusal = planned.findings.find(({ level }) => level === 'refuse');
  if (!isPlanned(planned) || refusal) {
    throw new SluiceError('plan_refused', `${step.name}: ${refusal?.message ?? 'it cannot be planned'}`);
  }
  const { retentionSeconds } = await queue.describe();
  const { state } = world;
  const files = openLogs(state, guard);
  try {
    const rejects = receivedRejects(refused, files);
    return await withSourceTimes({ state, step, retentionSeconds, guard }, (times) =>
      replayReceived(planned, times, rejects, stop),
    );
  } finally {
    await Promise.all([files.close(), planned.source.close(), planned.sink.close()]);
  }
}

/** Gives them up: they are listed no more, and taken off the redrive queue. Gives how many. */
export async function discardMessages(
  world: Pick<World, 'state'>,
  refused: RefusedMessages,
  guard: Guard,
  stop: AbortSignal,
): Promise<number> {
  const files = openLogs(world.state, guard);
  let discarded = 0;
  try {
    for (const { settle } of receivedRejects(refused, files)) {
      if (stop.aborted) throw stop.reason;
      await settle('discarded');
      discarded++;
    }
    return discarded;
  } finally {
    await files.close();
  }
}

interface RejectLogs {
  of(rejects: RejectsOf): RejectLog;
  close(): Promise<void>;
}

function openLogs(state: PipelineState, guard: Guard): RejectLogs {
  const open = new Map<string, RejectLog>();
  return {
    of: (rejects) => {
      const name = `${rejects.run}/${rejects.step}`;
      const log = open.get(name) ?? new RejectLog(state, rejects, guard);
      open.set(name, log);
      return log;
    },
    close: async () => {
      await Promise.all([...open.values()].map((log) => log.close()));
    },
  };
}

/** Each once: a message may be in several files, if it was sent back and refused again, and on the queue besides. */
function receivedRejects({ redrive, files, isChosen }: RefusedMessages, open: RejectLogs): ReceivedReject[] {
  const byToken = new Map<string, { record: RejectRecord; places: (RejectsOf & { index: number })[] }>();
  for (const { run, step, records } of files) {
    for (const record of records) {
      const known = byToken.get(record.token);
      const place = { run, step, index: record.index };
      if (known) known.places.push(place);
      else byToken.set(record.token, { record, places: [place] });
    }
  }
  const filed = [...byToken.values()].map(({ record, places }): ReceivedReject => {
    const { token } = record;
    return {
      record,
      ...(record.received === 'row' ? { batch: restoredBatch(record, []) } : {}),
      settle: async (settled) => {
        for (const { index, ...rejects } of places) {
          await open.of(rejects).add([{ token, index, settled, at: new Date().toISOString() }]);
        }
        await takeOff(redrive, token);
      },
      keep: async (again) => {
        const attempts = record.attempts + 1;
        const at = new Date().toISOString();
        for (const place of places) await open.of(place).add([{ ...record, ...again, attempts, at }]);
      },
    };
  });
  const queued = [...redrive.messages].flatMap(([token, [first]]): ReceivedReject[] => {
    if (!first || byToken.has(token)) return [];
    const record = redriveRecord(redrive.step.name, first);
    if (!isChosen(record)) return [];
    const { delivery } = first;
    return [
      {
        record,
        ...(delivery.kind === 'row' ? { batch: delivery.batch } : {}),
        settle: () => takeOff(redrive, token),
        keep: async () => undefined,
      },
    ];
  });
  return [...filed, ...queued];
}

/** How many are meant. */
export function refusedCount({ redrive, files, isChosen }: RefusedMessages): number {
  const tokens = new Set(files.flatMap(({ records }) => records.map(({ token }) => token)));
  const queued = redriveRecords(redrive).filter((record) => !tokens.has(record.token) && isChosen(record));
  return tokens.size + queued.length;
}

async function takeOff({ queue, messages }: RedriveQueue, token: string): Promise<void> {
  for (const message of messages.get(token) ?? []) await queue.settle(message);
}

/** Records a settlement of rows that no queue holds. */
export async function discardFiled(
  { state }: Pick<World, 'state'>,
  { records, ...rejects }: OutstandingRejects,
  guard: Guard,
): Promise<number> {
  const log = new RejectLog(state, rejects, guard);
  const at = new Date().toISOString();
  const lines = records.map(
    ({ token, index }): RejectSettled => ({ token, index, settled: 'discarded', at }),
  );
  try {
    await log.add(lines);
    return lines.length;
  } finally {
    await log.close();
  }
}
