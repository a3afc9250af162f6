import { mkdir } from 'node:fs/promises';
import { bucketed } from '../../connectors/buckets.js';
import type { Comparison } from '../../connectors/comparison.js';
import type { CopyPlan } from '../plan.js';
import { addCandidate, candidatesByPlace } from './candidates.js';
import { compareBuckets } from './compare-buckets.js';
import { findEqualParts } from './equal-parts.js';
import { type ExpectedSide, gatherActual, gatherExpected } from './gather.js';
import { type Looked, lookAgain, lookEverywhere } from './second-look.js';
import type { FoundDifference, Verification, VerifyCounts, VerifyRun } from './verification.js';

/** Differences that are kept for a report and a repair; beyond, they are only counted. */
const MAX_KEPT = 200_000;
/** Names of extra rows that are fetched at once. */
const EXTRAS_AT_ONCE = 1000;

/**
 * Compares a sink with what a copy would write into it now. Both sides are read once, in bounded memory: digests
 * of the rows go to files sorted by key, the files are compared, and the rows that differ are looked at again.
 * The sink is read first: what it holds and the source lacks afterwards was not just on its way.
 */
export async function verifyCopy(
  plan: CopyPlan,
  comparison: Comparison,
  run: VerifyRun,
): Promise<Verification> {
  const started = performance.now();
  await mkdir(run.folder, { recursive: true, mode: 0o700 });
  const summed = await findEqualParts(plan, comparison, run);
  const streams = summed?.others.map((part) => summed.rows(part));
  const actual = await gatherActual(plan, comparison, run, streams);
  const expected = await gatherExpected(plan, comparison, run, summed?.others);
  const consistency = summed
    ? 'each part by itself, summed up by the servers'
    : plan.source.report().consistency;
  const tally = new Tally();
  const first = { equal: summed?.equal ?? 0, superseded: 0 };
  const extras = new ExtraRows(comparison, run);
  const files = await bucketed(run.folder, 'candidates', async (buckets) => {
    for await (const verdict of compareBuckets(expected.files, actual, comparison.keyed, first)) {
      if (verdict.kind === 'extra') await extras.add(verdict.name, tally);
      else await addCandidate(buckets, verdict);
    }
  });
  await extras.finish(tally);
  await settleCandidates(plan, comparison, expected, run, files, tally);
  const counts: VerifyCounts = {
    sourceRows: run.counters.source.read,
    sinkRows: run.counters.sink.read,
    ...tally.counts,
    equal: first.equal + tally.counts.equal,
    rejected: expected.rejected + tally.counts.rejected,
    superseded: first.superseded,
  };
  return {
    ...describe(plan, comparison, run, counts),
    consistency,
    found: tally.found(),
    incomplete: tally.incomplete,
    parts: expected.parts,
    places: expected.places,
    seconds: (performance.now() - started) / 1000,
    unkeyed: expected.unkeyed,
  };
}

/** What a verification says besides its findings. */
export function describe(plan: CopyPlan, comparison: Comparison, run: VerifyRun, counts: VerifyCounts) {
  const { consistency, units } = plan.source.report();
  const extrasMatter = run.strict || comparison.extras === 'different';
  return {
    ...counts,
    name: plan.name,
    source: plan.description.name,
    sink: plan.sinkPlan.name,
    rule: comparison.rule,
    keyed: comparison.keyed,
    different: counts.missing + counts.changed + (extrasMatter ? counts.extra : 0) > 0,
    units: units + comparison.used(),
    consistency,
  };
}

/** Looks at the rows that seem to differ again, place by place, until enough of them are named. */
async function settleCandidates(
  plan: CopyPlan,
  comparison: Comparison,
  expected: ExpectedSide,
  run: VerifyRun,
  files: Parameters<typeof candidatesByPlace>[0],
  tally: Tally,
): Promise<void> {
  // Where only a second look can say that rows differ, all of them get one.
  const lost = new Map<string, number>();
  const count = (looked: Looked): void => {
    for (const difference of looked.found) tally.add(difference);
    tally.counts.equal += looked.equal;
    tally.counts.rejected += looked.rejected;
    if (comparison.exact) tally.counts.settled += looked.equal;
  };
  const isEnough = comparison.exact && run.rejectedKeys.size === 0 && run.settle <= 1;
  for await (const candidates of candidatesByPlace(files)) {
    run.signal.throwIfAborted();
    const mayLook = comparison.keyed && run.settle > 0;
    if (!mayLook || (isEnough && tally.named >= run.limit)) {
      for (const candidate of candidates) tally.add(candidate);
      continue;
    }
    const place = candidates[0]?.place ?? 0;
    const names = candidates.map(({ name }) => name);
    const looked = await lookAgain(plan, comparison, expected, { place, names }, run);
    count(looked);
    for (const [name, from] of looked.lost) lost.set(name, from);
  }
  const looked = await lookEverywhere(plan, comparison, lost, run);
  count(looked);
  tally.counts.settled += looked.lost.size;
}

/** Counts differences and keeps them as long as they are not too many; those that were looked at come first. */
class Tally {
  readonly counts = { equal: 0, missing: 0, extra: 0, changed: 0, rejected: 0, settled: 0 };
  readonly #looked: FoundDifference[] = [];
  readonly #others: FoundDifference[] = [];
  incomplete = false;

  /** Missing and changed rows that are named with their keys. */
  named = 0;

  add(difference: FoundDifference): void {
    this.counts[difference.kind]++;
    if (this.#looked.length + this.#others.length >= MAX_KEPT) this.incomplete = true;
    else if (difference.key) this.#looked.push(difference);
    else this.#others.push(difference);
    if (difference.key && difference.kind !== 'extra') this.named++;
  }

  found(): readonly FoundDifference[] {
    return [...this.#looked, ...this.#others];
  }
}

/** Extra rows: the first are looked for again, whether they are still there, and named. */
class ExtraRows {
  readonly #comparison: Comparison;
  readonly #run: VerifyRun;
  #waiting: string[] = [];
  #named = 0;

  constructor(comparison: Comparison, run: VerifyRun) {
    this.#comparison = comparison;
    this.#run = run;
  }

  async add(name: string, tally: Tally): Promise<void> {
    const { keyed } = this.#comparison;
    if (!keyed || this.#run.settle === 0 || this.#named + this.#waiting.length >= this.#run.limit) {
      tally.add({ kind: 'extra', name });
      return;
    }
    this.#waiting.push(name);
    if (this.#waiting.length >= EXTRAS_AT_ONCE) await this.finish(tally);
  }

  async finish(tally: Tally): Promise<void> {
    const names = this.#waiting;
    this.#waiting = [];
    if (names.length === 0) return;
    const there = await this.#comparison.fetch(names);
    for (const name of names) {
      if (there.has(name)) tally.add({ kind: 'extra', name, key: this.#comparison.keyValues(name) });
      else tally.counts.settled++;
    }
    this.#named += there.size;
  }
}
