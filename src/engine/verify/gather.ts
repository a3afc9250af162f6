import { type BucketFiles, bucketed } from '../../connectors/buckets.js';
import type { Comparison } from '../../connectors/comparison.js';
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
): Promise<ExpectedSide> {
  const parts = await plan.source.parts(isLastWins(plan) ? 1 : plan.step.parallel);
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
    await Promise.all(parts.map((_, index) => readPart(index)));
  });
  return { files, parts, places, ...counts };
}

/** Reads all rows of the sink, sorted into files as the expected ones are. */
export async function gatherActual(
  plan: CopyPlan,
  comparison: Comparison,
  run: VerifyRun,
): Promise<BucketFiles> {
  return await bucketed(run.folder, 'actual', async (buckets) => {
    const writer = new SideWriter(buckets, comparison.keyed);
    const read = async (stream: ReturnType<Comparison['actual']>[number]): Promise<void> => {
      for await (const rows of stream) {
        for (const row of rows) {
          const full = writer.add(row, 0);
          if (full) await full;
        }
        countRead(run.counters.sink, rows.length);
      }
    };
    await Promise.all(comparison.actual(plan.step.parallel).map(read));
  });
}

/** A row that was read is done: for whoever shows progress it needs no more. */
export function countRead(counters: Counters, rows: number, bytes = 0): void {
  counters.read += rows;
  counters.unchanged += rows;
  counters.bytes += bytes;
}
