import { type BucketFiles, bucketed } from '../../connectors/buckets.js';
import type { Comparison } from '../../connectors/comparison.js';
import type { Part } from '../../connectors/connector.js';
import { isLastWins } from '../copy-run.js';
import type { Counters } from '../counters.js';
import type { CopyPlan } from '../plan.js';
import { CHUNK, PartPlaces, type Place, type SourcePlaces } from './places.js';
import { SideWriter } from './records.js';
import type { VerifyRun } from './verification.js';

/** All rows that a copy would write now, sorted into files. */
export interface ExpectedSide extends SourcePlaces {
  readonly files: BucketFiles;
  /** Rows that a copy would refuse. */
  readonly rejected: number;
  /** Of these, rows whose key in the sink is not known. */
  readonly unkeyed: number;
}

/** Reads the source as a run would and spells each row as the sink will hold it. */
export async function gatherExpected(
  plan: CopyPlan,
  comparison: Comparison,
  run: VerifyRun,
  chosen?: readonly Part[],
): Promise<ExpectedSide> {
  const parts = chosen ?? (await plan.source.parts(isLastWins(plan) ? 1 : plan.step.parallel));
  const places: Place[] = [];
  const counts = { rejected: 0, unkeyed: 0 };
  const files = await bucketed(run.folder, 'expected', async (buckets) => {
    const writer = new SideWriter(buckets, comparison.keyed);
    const readPart = async (index: number): Promise<void> => {
      const part = parts[index];
      if (!part) return;
      const numbers = new PartPlaces(places, index);
      for await (const incoming of plan.source.read(part, CHUNK)) {
        const place = numbers.of(incoming);
        const { batch, dropped } = plan.transform.apply(incoming);
        counts.rejected += dropped.length;
        counts.unkeyed += dropped.length;
        for (const row of comparison.expected(batch)) {
          if ('refused' in row) counts.rejected++;
          if ('refused' in row && row.key === undefined) counts.unkeyed++;
          const full = writer.add(row, place);
          if (full) await full;
        }
        countRead(run.counters.source, incoming.rows.length, incoming.bytes);
      }
    };
    await inLanes(parts.length, plan.step.parallel, readPart);
  });
  return { files, parts, places, ...counts };
}

/** Reads all rows of the sink, sorted into files as the expected ones are. */
export async function gatherActual(
  plan: CopyPlan,
  comparison: Comparison,
  run: VerifyRun,
  streams: ReturnType<Comparison['actual']> = comparison.actual(plan.step.parallel),
): Promise<BucketFiles> {
  return await bucketed(run.folder, 'actual', async (buckets) => {
    const writer = new SideWriter(buckets, comparison.keyed);
    const read = async (index: number): Promise<void> => {
      for await (const rows of streams[index] ?? []) {
        for (const row of rows) {
          const full = writer.add(row, 0);
          if (full) await full;
        }
        countRead(run.counters.sink, rows.length);
      }
    };
    await inLanes(streams.length, plan.step.parallel, read);
  });
}

/** Does the work for 0 to count - 1, some of it side by side. */
async function inLanes(count: number, lanes: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

/** A row that was read is done: for whoever shows progress it needs no more. */
export function countRead(counters: Counters, rows: number, bytes = 0): void {
  counters.read += rows;
  counters.unchanged += rows;
  counters.bytes += bytes;
}
