/**
 * Thousands of random histories of a stream, read by a program that is killed and started again at random: every change
 * arrives exactly once and in its key's order, or the reader says that changes are lost, where they are.
 */
import { describe, expect, it } from 'vitest';
import { simulatedClock } from '../../../../test/fixtures/simulated-clock.js';
import { simulatedFeed } from '../../../../test/fixtures/simulated-dynamodb.js';
import { SimulatedStream, type Weather } from '../../../../test/fixtures/simulated-stream.js';
import {
  below,
  type History,
  type HistoryChange,
  type HistoryShape,
  type HistoryShard,
  type Random,
  randomHistory,
  seededRandom,
} from '../../../../test/fixtures/stream-history.js';
import { type ModelOutcome, type ModelPlan, StreamModel } from '../../../../test/fixtures/stream-model.js';
import { leavesOf, neededFrom, placeOf } from './place.js';
import { isKept } from './retention.js';

const SEEDS = Number(process.env['SLUICE_STREAM_SEEDS'] ?? 1_500);
const FIRST_SEED = Number(process.env['SLUICE_STREAM_FIRST_SEED'] ?? 1);
const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-11-01T00:00:00Z');

interface World {
  readonly history: History;
  readonly stream: SimulatedStream;
  readonly outcome: ModelOutcome;
  readonly endMs: number;
}

/** Half of the histories are minutes of lively tailing, half are days with hours between the lives of the reader. */
async function lived(seed: number): Promise<World> {
  const random = seededRandom(seed);
  const isLong = random() < 0.5;
  const clock = simulatedClock(START_MS);
  const history = randomHistory(random, isLong ? longShape(random) : shortShape(random));
  const stream = new SimulatedStream(history, clock, random, weather(random));
  const plan: ModelPlan = {
    begin: random() < 0.7 ? 'oldest' : 'latest',
    lives: below(random, 3),
    killed: 0.15,
    dawdles: isLong ? 0.05 : 0,
    ...(isLong ? {} : { tailsMs: 5000 }),
  };
  clock.jump(random() * 0.5 * (history.endMs - START_MS));
  let rests = 0;
  const ground = {
    feed: () => simulatedFeed(stream, clock, random),
    now: () => clock.now(),
    rest: async () => {
      const isLast = rests++ === plan.lives;
      const longest = isLong ? (random() < 0.3 ? 30 : 12) * HOUR_MS : 60_000;
      clock.jump(random() * longest);
      if (isLast) clock.jump(Math.max(0, history.endMs + 60_000 - clock.now()));
    },
    dawdle: async () => clock.jump(random() * (random() < 0.3 ? 26 : 4) * HOUR_MS),
  };
  const outcome = await new StreamModel(ground, random, plan).run();
  return { history, stream, outcome, endMs: clock.now() };
}

function shortShape(random: Random): HistoryShape {
  return shape(random, 40_000 + random() * 80_000, 8000);
}

function longShape(random: Random): HistoryShape {
  return shape(random, (4 + random() * 56) * HOUR_MS, 8000);
}

function shape(random: Random, lastsMs: number, lateMs: number): HistoryShape {
  const counts = { changes: 2 + below(random, 24), keys: 1 + below(random, 5), closings: below(random, 6) };
  return { startMs: START_MS, lastsMs, lateMs, ...counts };
}

function weather(random: Random): Weather {
  const stormy = random() < 0.5 ? 1 : 0;
  return {
    throttled: 0.05 * stormy,
    failed: 0.02 * stormy,
    expired: 0.05 * stormy,
    empty: 0.3 * stormy,
    emptyInRow: 4,
    repeated: 0.3 * stormy,
    recordsOfPage: random() < 0.5 ? 3 : 1000,
    shardsOfPage: random() < 0.5 ? 2 : 100,
  };
}

/** What is wrong with the outcome; undefined where nothing is. */
function faultOf(world: World): string | undefined {
  const { history, outcome } = world;
  const keys = new Set(history.changes.map(({ key }) => key));
  for (const key of keys) {
    const made = history.changes.filter((change) => change.key === key);
    const got = outcome.applied.filter((change) => change.key === key);
    const skipped = made.findIndex(({ sequence }) => sequence === got[0]?.sequence);
    const from = skipped === -1 ? made.length : skipped;
    for (const [index, { sequence, event, item, expired }] of got.entries()) {
      const change = made[from + index];
      if (sequence !== change?.sequence) return `${key}: out of order, doubled or missing in between`;
      if (event !== change.event || expired !== change.expired) return `${key}: not the change that was made`;
      if (JSON.stringify(sorted(item)) !== JSON.stringify(sorted(change.item))) return `${key}: another item`;
    }
    if (outcome.lostAt) continue;
    const early = made.slice(0, from).find((change) => !mayBeSkipped(change, world));
    if (early) return `${key}: the first changes are missing`;
    if (from + got.length < made.length && got.length > 0) return `${key}: the last changes are missing`;
  }
  return drainFault(world) ?? alarmFault(world);
}

function sorted(item: object): [string, unknown][] {
  return Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Made before the reader began, and of no interest to it or trimmed before it came to this line of shards. */
function mayBeSkipped(change: HistoryChange, { history, outcome, endMs }: World): boolean {
  if (change.atMs >= outcome.begunMs) return false;
  if (outcome.begin === 'latest') return true;
  const root = history.shards.find(({ changes }) => changes.includes(change))?.root;
  const line = new Set(
    history.shards
      .filter((shard) => shard.root === root)
      .flatMap(({ changes }) => changes.map(({ sequence }) => sequence)),
  );
  const first = outcome.applied.find(({ sequence }) => line.has(sequence))?.appliedMs ?? endMs;
  return change.atMs < first - 24 * HOUR_MS;
}

/** A drain gives all that was made before it was called; but for a shard of two that was listed later than its sibling. */
function drainFault({ history, outcome }: World): string | undefined {
  if (outcome.lostAt) return undefined;
  const all = new Set(outcome.applied.map(({ sequence }) => sequence));
  for (const { calledMs, applied } of outcome.drains) {
    const have = new Set(outcome.applied.slice(0, applied).map(({ sequence }) => sequence));
    for (const shard of history.shards) {
      if (lineOf(shard, history).some((one) => one.listedMs > calledMs && hasSibling(one, history))) continue;
      const left = shard.changes.find(
        ({ atMs, sequence }) => atMs < calledMs && all.has(sequence) && !have.has(sequence),
      );
      if (left) return 'a drain ended too early';
    }
  }
  return undefined;
}

function lineOf(shard: HistoryShard, history: History): HistoryShard[] {
  const parent = history.shards.find(({ id }) => id === shard.parent);
  return parent ? [shard, ...lineOf(parent, history)] : [shard];
}

function hasSibling({ id, parent }: HistoryShard, { shards }: History): boolean {
  return parent !== undefined && shards.some((one) => one.parent === parent && one.id !== id);
}

/** Changes are said to be lost where one is, or where nobody could tell: the place is older than what the stream keeps. */
function alarmFault({ history, outcome, stream }: World): string | undefined {
  if (!outcome.lostAt) return undefined;
  const { place, nowMs, pending } = outcome.lostAt;
  const again = new Set(pending.map(({ sequence }) => sequence));
  const have = new Set(
    outcome.applied.map(({ sequence }) => sequence).filter((sequence) => !again.has(sequence)),
  );
  const isLost = history.changes.some((change) => !have.has(change.sequence) && stream.isTrimmed(change));
  const isStale = leavesOf(placeOf(place)).some(([, leaf]) => !isKept(neededFrom(leaf), nowMs));
  return isLost || isStale ? undefined : 'a false alarm';
}

describe('a reader of a simulated stream', () => {
  it(`gives each change once and in order, or says that it is lost: ${SEEDS} histories`, async () => {
    // Errors by the ten thousand, and nobody looks at where they came from.
    Error.stackTraceLimit = 0;
    const faults: string[] = [];
    const counts = { complete: 0, lost: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS && faults.length < 5; seed++) {
      const world = await lived(seed);
      const fault = faultOf(world);
      if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`);
      if (world.outcome.lostAt) counts.lost++;
      else counts.complete++;
    }
    expect(faults).toEqual([]);
    expect(counts.complete).toBeGreaterThan(SEEDS / 3);
    expect(counts.lost).toBeGreaterThan(SEEDS / 50);
  }, 900_000);
});
