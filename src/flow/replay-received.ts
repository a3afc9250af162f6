import { isPlanned } from '../engine/plan.js';
import type { RejectRecord, RejectSettled } from '../engine/rejects.js';
import { restoredBatch } from '../engine/rejects.js';
import type { Replayed } from '../engine/replay.js';
import { needsSourceTimes } from '../engine/via/receiving.js';
import { type ReceivedReject, replayReceived } from '../engine/via/replay-received.js';
import { noSourceTimes } from '../engine/via/source-times.js';
import { SluiceError } from '../errors.js';
import { RejectFile } from '../journal/reject-file.js';
import type { OutstandingRejects } from '../journal/reject-folder.js';
import { SourceTimesFile } from '../journal/source-times-file.js';
import { prepareCopy } from './plan.js';
import { type RedriveQueue, redriveRecord, redriveRecords } from './redrive.js';
import type { World } from './scope.js';

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
  guard: () => Promise<void>,
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
  const { state, declaration } = world;
  const times = needsSourceTimes(step)
    ? await SourceTimesFile.open(state, declaration.pipeline, step.name, { retentionSeconds, guard })
    : undefined;
  const files = openFiles(guard);
  try {
    const rejects = receivedRejects(refused, files);
    return await replayReceived(planned, times ?? noSourceTimes, rejects, stop);
  } finally {
    await Promise.all([times?.close(), files.close(), planned.source.close(), planned.sink.close()]);
  }
}

/** Gives them up: they are listed no more, and taken off the redrive queue. Gives how many. */
export async function discardMessages(
  refused: RefusedMessages,
  guard: () => Promise<void>,
  stop: AbortSignal,
): Promise<number> {
  const files = openFiles(guard);
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

interface RejectFiles {
  of(path: string): RejectFile;
  close(): Promise<void>;
}

function openFiles(guard: () => Promise<void>): RejectFiles {
  const open = new Map<string, RejectFile>();
  return {
    of: (path) => {
      const file = open.get(path) ?? new RejectFile(path, guard);
      open.set(path, file);
      return file;
    },
    close: async () => {
      await Promise.all([...open.values()].map((file) => file.close()));
    },
  };
}

/** Each once: a message may be in several files, if it was sent back and refused again, and on the queue besides. */
function receivedRejects({ redrive, files, isChosen }: RefusedMessages, open: RejectFiles): ReceivedReject[] {
  const byToken = new Map<string, { record: RejectRecord; places: { path: string; index: number }[] }>();
  for (const { path, records } of files) {
    for (const record of records) {
      const known = byToken.get(record.token);
      const place = { path, index: record.index };
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
        for (const { path, index } of places) {
          await open.of(path).add([{ token, index, settled, at: new Date().toISOString() }]);
        }
        await takeOff(redrive, token);
      },
      keep: async (again) => {
        const attempts = record.attempts + 1;
        const at = new Date().toISOString();
        for (const { path } of places) await open.of(path).add([{ ...record, ...again, attempts, at }]);
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
  { path, records }: OutstandingRejects,
  guard: () => Promise<void>,
): Promise<number> {
  const file = new RejectFile(path, guard);
  const at = new Date().toISOString();
  const lines = records.map(
    ({ token, index }): RejectSettled => ({ token, index, settled: 'discarded', at }),
  );
  try {
    await file.add(lines);
    return lines.length;
  } finally {
    await file.close();
  }
}
