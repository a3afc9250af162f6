import type { Readable } from 'node:stream';
import type { Store } from '../../connectors/store.js';
import type { ReplicateStep } from '../../declare/declaration.js';
import { openHandedRun, type Surroundings } from './handed-run.js';
import { linesIn } from './object-lines.js';
import { failedPrefix, openBucket } from './open-deliveries.js';
import { type OpenFollower, openFollower } from './open-follower.js';
import { failedRecord, givenUpEvent } from './set-aside.js';

/** Where a deployed pipeline has what was put aside. */
export interface AsidePlaces {
  /** What Lambda gave up. */
  readonly failedBucket: string;
  /** What delivery streams could not have transformed; absent where there are none. */
  readonly deliveryBucket?: string;
  /** Whether a function is one that the step's stream is mapped to. */
  isOf(functionArn: string, step: string): boolean;
}

export interface AsideCounts {
  readonly written: number;
  readonly unchanged: number;
  readonly rejected: number;
  /** Objects that stay: they hold what cannot be read, or is so old that nobody knows whether the sink has it. */
  readonly left: readonly string[];
  /** Changes that were given up. */
  readonly discarded: number;
}

/** What was put aside of a step. */
export interface OpenAside {
  /** How many changes there are. */
  count(): Promise<number>;
  /** Brings them into the sink, an object after the other; each goes once its changes are done with. Those that the sink has are not written again. */
  load(stop: AbortSignal): Promise<AsideCounts>;
  /** Removes them. */
  discard(stop: AbortSignal): Promise<AsideCounts>;
  close(): Promise<void>;
}

/** Lambda names its objects so, below which there are those of all steps. */
const GIVEN_UP = 'aws/lambda/';
const CHUNK_RECORDS = 1000;
/** The ledger knows changes for a week. */
const KNOWN_MS = 6 * 24 * 3_600_000;

interface AsideObject {
  readonly store: Store;
  readonly name: string;
  /** Undefined where not all of it are records of ours. */
  readonly records: readonly object[] | undefined;
}

export async function openAside(
  about: Surroundings,
  step: ReplicateStep,
  places: AsidePlaces,
): Promise<OpenAside> {
  const { world, rejects, close } = openHandedRun(about, step);
  const { load } = about;
  const failed = await openBucket(world, { step, bucket: places.failedBucket, load });
  const bucket = step.via && places.deliveryBucket;
  const delivered = bucket === undefined ? undefined : await openBucket(world, { step, bucket, load });
  const objects = () => objectsOf(step, places, { failed, delivered });
  return {
    count: async () => {
      let count = 0;
      for await (const { records = [] } of objects()) count += records.length;
      return count;
    },
    load: async (stop) => {
      // There is nobody to stop for a limit: what is refused is kept.
      const patient = { ...step, rejects: { limit: { share: 1 } } };
      let follower: OpenFollower | undefined;
      try {
        return await eachObject(objects(), stop, async ({ store, name, records }) => {
          if (!records || isForgotten(step, records)) return undefined;
          follower ??= await openFollower(world, patient, rejects);
          const counts = await loaded(follower, records, stop);
          await store.remove([name]);
          return counts;
        });
      } finally {
        await follower?.close();
      }
    },
    discard: (stop) =>
      eachObject(objects(), stop, async ({ store, name, records }) => {
        await store.remove([name]);
        return { discarded: records?.length ?? 1 };
      }),
    close: async () => {
      await Promise.all([failed.close(), delivered?.close(), close()]);
    },
  };
}

async function eachObject(
  objects: AsyncIterable<AsideObject>,
  stop: AbortSignal,
  work: (object: AsideObject) => Promise<Partial<AsideCounts> | undefined>,
): Promise<AsideCounts> {
  const sum = { written: 0, unchanged: 0, rejected: 0, discarded: 0 };
  const left: string[] = [];
  for await (const object of objects) {
    if (stop.aborted) throw stop.reason;
    const counts = await work(object);
    if (!counts) left.push(object.name);
    sum.written += counts?.written ?? 0;
    sum.unchanged += counts?.unchanged ?? 0;
    sum.rejected += counts?.rejected ?? 0;
    sum.discarded += counts?.discarded ?? 0;
  }
  return { ...sum, left };
}

async function* objectsOf(
  step: ReplicateStep,
  { isOf }: AsidePlaces,
  { failed, delivered }: { readonly failed: Store; readonly delivered: Store | undefined },
): AsyncGenerator<AsideObject> {
  for await (const { name } of failed.list(GIVEN_UP)) {
    const content = await failed.open(name);
    if (!content) continue;
    const { functionArn, records } = givenUpEvent(await textOf(content), name);
    if (isOf(functionArn, step.name)) yield { store: failed, name, records };
  }
  if (!delivered) return;
  for await (const { name } of delivered.list(failedPrefix(step.name))) {
    const content = await delivered.open(name);
    if (content) yield { store: delivered, name, records: await failedRecords(content) };
  }
}

async function failedRecords(content: Readable): Promise<readonly object[] | undefined> {
  const records: object[] = [];
  for await (const line of linesIn(content)) {
    const record = line === '' ? undefined : failedRecord(line);
    if (record) records.push(record);
    else if (line !== '') return undefined;
  }
  return records;
}

async function textOf(content: Readable): Promise<string> {
  const lines: string[] = [];
  for await (const line of linesIn(content)) lines.push(line);
  return lines.join('\n');
}

/** Of a table that has a row for each change, somebody must know which changes it has. */
function isForgotten({ to }: ReplicateStep, records: readonly object[]): boolean {
  if (to['mode'] !== 'append') return false;
  const known = Date.now() - KNOWN_MS;
  return records.some((record) => {
    const { dynamodb } = record as { readonly dynamodb?: { readonly ApproximateCreationDateTime?: unknown } };
    const seconds = dynamodb?.ApproximateCreationDateTime;
    return typeof seconds !== 'number' || seconds * 1000 < known;
  });
}

async function loaded(
  follower: OpenFollower,
  records: readonly object[],
  stop: AbortSignal,
): Promise<Pick<AsideCounts, 'written' | 'unchanged' | 'rejected'>> {
  const sum = { written: 0, unchanged: 0, rejected: 0 };
  for (let start = 0; start < records.length; start += CHUNK_RECORDS) {
    const { counts, failure } = await follower.follow(records.slice(start, start + CHUNK_RECORDS), stop);
    if (failure) throw failure.error;
    sum.written += counts.written;
    sum.unchanged += counts.unchanged;
    sum.rejected += counts.rejected;
  }
  return sum;
}
