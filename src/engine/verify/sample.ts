import type { Comparison, Expected } from '../../connectors/comparison.js';
import type { Part } from '../../connectors/connector.js';
import { SluiceError } from '../../errors.js';
import { isLastWins } from '../copy-run.js';
import type { CopyPlan } from '../plan.js';
import { countRead } from './gather.js';
import { CHUNK, PartPlaces, type Place } from './places.js';
import { type Looked, lookAgain, lookEverywhere } from './second-look.js';
import type { FoundDifference, Verification, VerifyRun } from './verification.js';
import { describe } from './verify.js';

/** Parts that a source is cut into, so that only some of them need be read. */
const MAX_PARTS = 1000;
/** Random rows are taken from at least so many parts, where there are so many. */
const PARTS_READ = 16;

/**
 * Looks at so many random rows of the source and at the rows of the sink with their keys. A source that can be cut
 * into parts is read in random parts only. What the sink holds besides is not seen.
 */
export async function verifySample(
  plan: CopyPlan,
  comparison: Comparison,
  run: VerifyRun,
  size: number,
): Promise<Verification> {
  if (!comparison.keyed) {
    throw new SluiceError('unsupported', `${plan.name}: rows without a key cannot be sampled`, {
      hint: 'verify without --sample',
    });
  }
  const started = performance.now();
  const parts = await plan.source.parts(isLastWins(plan) ? 1 : MAX_PARTS);
  const places: Place[] = [];
  const counts = { equal: 0, missing: 0, extra: 0, changed: 0, rejected: 0, superseded: 0, settled: 0 };
  const chosen = await chooseRows(plan, comparison, run, size, parts, places);
  const found: FoundDifference[] = [];
  const lost = new Map<string, number>();
  const count = (looked: Looked): void => {
    for (const difference of looked.found) counts[difference.kind]++;
    found.push(...looked.found);
    counts.equal += looked.equal;
    counts.rejected += looked.rejected;
  };
  for (const [place, names] of chosen.names) {
    run.signal.throwIfAborted();
    const looked = await lookAgain(plan, comparison, { parts, places }, { place, names }, run);
    count(looked);
    for (const [name, from] of looked.lost) lost.set(name, from);
    countRead(run.counters.sink, names.length);
  }
  const looked = await lookEverywhere(plan, comparison, lost, run);
  count(looked);
  counts.settled = looked.lost.size;
  const read = { sourceRows: run.counters.source.read, sinkRows: run.counters.sink.read };
  return {
    ...describe(plan, comparison, run, { ...counts, ...read, rejected: counts.rejected + chosen.rejected }),
    sample: size,
    found,
    incomplete: false,
    parts,
    places,
    seconds: (performance.now() - started) / 1000,
    unkeyed: 0,
  };
}

interface Chosen {
  /** By place. */
  readonly names: ReadonlyMap<number, readonly string[]>;
  readonly rejected: number;
}

/** Reads random parts until there are enough rows, and keeps some of each by reservoir. */
async function chooseRows(
  plan: CopyPlan,
  comparison: Comparison,
  run: VerifyRun,
  size: number,
  parts: readonly Part[],
  places: Place[],
): Promise<Chosen> {
  const share = Math.ceil(size / Math.min(PARTS_READ, parts.length));
  const order = shuffled(parts.map((_, index) => index));
  const names = new Map<number, string[]>();
  let rejected = 0;
  let left = size;
  for (const index of order) {
    const part = parts[index];
    if (!part || left === 0) break;
    const reservoir = new Reservoir(Math.min(share, left));
    const numbers = new PartPlaces(places, index);
    for await (const incoming of plan.source.read(part, CHUNK)) {
      const place = numbers.of(incoming);
      const { batch, dropped } = plan.transform.apply(incoming);
      rejected += dropped.length;
      for (const row of comparison.expected(batch)) {
        if ('refused' in row) rejected++;
        reservoir.offer(row, place);
      }
      countRead(run.counters.source, incoming.rows.length, incoming.bytes);
    }
    for (const { name, place } of reservoir.rows) {
      const known = names.get(place);
      if (known) known.push(name);
      else names.set(place, [name]);
    }
    left -= reservoir.rows.length;
  }
  return { names, rejected };
}

/** Keeps so many of the rows offered, each with the same chance. */
class Reservoir {
  readonly rows: { readonly name: string; readonly place: number }[] = [];
  readonly #size: number;
  #offered = 0;

  constructor(size: number) {
    this.#size = size;
  }

  offer(row: Expected, place: number): void {
    if ('refused' in row) return;
    this.#offered++;
    const at = this.rows.length < this.#size ? this.rows.length : Math.floor(Math.random() * this.#offered);
    if (at < this.#size) this.rows[at] = { name: row.key, place };
  }
}

function shuffled<T>(values: readonly T[]): T[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    const [one, two] = [result[last], result[other]];
    if (one === undefined || two === undefined) continue;
    result[last] = two;
    result[other] = one;
  }
  return result;
}
