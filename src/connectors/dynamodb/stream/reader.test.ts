/** What the model cannot see: how the stream is read, and how its reader behaves while nothing comes. */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { dynamodbEnds } from '../../../../test/fixtures/dynamodb-ends.js';
import { type SimulatedClock, simulatedClock } from '../../../../test/fixtures/simulated-clock.js';
import { simulatedFeed } from '../../../../test/fixtures/simulated-dynamodb.js';
import { SimulatedStream, type Weather } from '../../../../test/fixtures/simulated-stream.js';
import { serveSimulatedStream } from '../../../../test/fixtures/simulated-stream-server.js';
import {
  type History,
  type HistoryShape,
  randomHistory,
  seededRandom,
} from '../../../../test/fixtures/stream-history.js';
import type { Feed, FeedBatch, FeedPlace } from '../../feed.js';
import { placeOf } from './place.js';

const START_MS = Date.parse('2026-11-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const size = { maxRows: 1000, maxBytes: 1_000_000 };

const calm: Weather = {
  throttled: 0,
  failed: 0,
  expired: 0,
  empty: 0,
  emptyInRow: 0,
  repeated: 0,
  recordsOfPage: 1000,
  shardsOfPage: 100,
};

interface Ground {
  readonly clock: SimulatedClock;
  readonly history: History;
  readonly stream: SimulatedStream;
  readonly feed: Feed;
}

/** A stream over a minute of history that lies behind. */
function ground(shape: Partial<HistoryShape>, weather: Partial<Weather> = {}): Ground {
  const random = seededRandom(7);
  const clock = simulatedClock(START_MS);
  const whole = {
    startMs: START_MS,
    lastsMs: 60_000,
    changes: 20,
    keys: 3,
    closings: 0,
    lateMs: 0,
    ...shape,
  };
  const history = randomHistory(random, whole);
  const stream = new SimulatedStream(history, clock, random, { ...calm, ...weather });
  clock.jump(whole.lastsMs + 1000);
  return { clock, history, stream, feed: simulatedFeed(stream, clock, random) };
}

const sequencesOf = (batches: readonly FeedBatch[]) =>
  batches.flatMap(({ batch }) => [...(batch.changes ?? [])].map(({ sequence }) => sequence)).sort();
const allOf = ({ history }: Ground) => history.changes.map(({ sequence }) => sequence).sort();

async function drained(feed: Feed, place: FeedPlace): Promise<FeedBatch[]> {
  const batches: FeedBatch[] = [];
  for await (const batch of feed.read(place, { ...size, drain: true })) if (batch) batches.push(batch);
  return batches;
}

describe('a stream that is tailed', () => {
  it('is asked a few times a second while nothing comes, and the consumer hears of it every second', async () => {
    const { clock, stream, feed } = ground({ changes: 0, keys: 1 });
    const from = clock.now();
    let heard = from;
    for await (const batch of feed.read(await feed.begin('oldest'), { ...size, drain: false })) {
      expect(clock.now() - heard).toBeLessThanOrEqual(1000);
      heard = clock.now();
      if (batch) expect(batch.batch.rows.length).toBe(0);
      if (clock.now() > from + 60_000) break;
    }
    expect(stream.calls['GetRecords']).toBeGreaterThan(50);
    expect(stream.calls['GetRecords']).toBeLessThan(150);
    expect(stream.calls['DescribeStream']).toBeLessThan(12);
    expect(feed.lag()).toEqual({ seconds: 0, caughtUp: true });
  });

  it('is not read ahead of a consumer that takes its time', async () => {
    const { clock, stream, feed } = ground({ changes: 300, keys: 1 }, { recordsOfPage: 1 });
    let taken = 0;
    for await (const batch of feed.read(await feed.begin('oldest'), { ...size, drain: false })) {
      if (!batch) continue;
      await clock.sleep(30_000);
      if (++taken === 3) break;
    }
    expect(stream.calls['GetRecords']).toBeLessThan(16);
    expect(feed.lag().caughtUp).toBe(false);
    expect(feed.lag().seconds).toBeGreaterThan(60);
  });

  it('is asked again at once behind a page that is full by its size', async () => {
    const { clock, history, feed } = ground({ changes: 40, keys: 40 }, { recordsOfPage: 1 });
    for (const { item } of history.changes) Object.assign(item, { note: { S: 'x'.repeat(200 * 1024) } });
    const small = history.changes.filter(({ event }) => event === 'remove').length;
    const begunMs = clock.now();
    let rows = 0;
    for await (const batch of feed.read(await feed.begin('oldest'), { ...size, drain: false })) {
      rows += batch?.batch.rows.length ?? 0;
      if (rows === history.changes.length) break;
    }
    expect(small).toBeLessThan(20);
    expect(clock.now() - begunMs).toBeLessThan(20 * 200 + 1000);
  });

  it('loses nothing to many empty pages in a row', async () => {
    const here = ground({}, { empty: 0.95, emptyInRow: 40, recordsOfPage: 2 });
    const batches: FeedBatch[] = [];
    for await (const batch of here.feed.read(await here.feed.begin('oldest'), { ...size, drain: false })) {
      if (batch) batches.push(batch);
      if (here.clock.now() > START_MS + HOUR_MS) break;
    }
    expect(sequencesOf(batches)).toEqual(allOf(here));
  });

  it('that is switched off is read to its end, and then said to be lost', async () => {
    const here = ground({});
    const batches: FeedBatch[] = [];
    const reading = (async () => {
      for await (const batch of here.feed.read(await here.feed.begin('oldest'), { ...size, drain: false })) {
        here.stream.isOn = false;
        if (batch) batches.push(batch);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'changes_lost' });
    expect(sequencesOf(batches)).toEqual(allOf(here));
  });

  it('moves its place while nothing comes, so that a day of rest is not taken for a loss', async () => {
    const { clock, feed } = ground({ changes: 3, keys: 1 });
    let place = await feed.begin('oldest');
    const from = clock.now();
    let stretches = 0;
    for await (const batch of feed.read(place, { ...size, drain: false })) {
      if (batch) stretches++;
      if (batch) place = feed.advance(place, [batch.stretch]);
      if (clock.now() > from + 2 * HOUR_MS) break;
    }
    expect(stretches).toBeGreaterThan(5);
    expect(stretches).toBeLessThan(20);
    clock.jump(23 * HOUR_MS);
    expect(await drained(feed, place)).toEqual([
      expect.objectContaining({ batch: expect.objectContaining({ rows: [] }) }),
    ]);
    clock.jump(23 * HOUR_MS);
    await expect(drained(feed, place)).rejects.toMatchObject({ code: 'changes_lost' });
  });
});

describe('the place in a stream', () => {
  it('forgets shards that are done with and no longer listed', async () => {
    const { clock, history, feed } = ground({ changes: 200, closings: 40, lastsMs: 100 * HOUR_MS });
    expect(history.shards.length).toBeGreaterThan(40);
    clock.jump(-100 * HOUR_MS);
    let place = await feed.begin('oldest');
    for (let hours = 0; hours < 100; hours += 10) {
      clock.jump(10 * HOUR_MS);
      for (const { stretch } of await drained(feed, place)) place = feed.advance(place, [stretch]);
    }
    const now = clock.now();
    const listed = history.shards.filter(({ closedMs }) => closedMs > now - 24 * HOUR_MS);
    expect(Object.keys(placeOf(place).shards).length).toBeLessThanOrEqual(listed.length + 3);
    expect(listed.length).toBeLessThan(20);
  });
});

/** The sequence number and the item of each change. */
const contentOf = ({ batch }: FeedBatch) =>
  [...(batch.changes ?? [])].map(({ sequence }, index) => {
    const cells = batch.columns.map(({ name }, column) => [name, batch.rows.at(index)?.[column]]);
    return [sequence, Object.fromEntries(cells.filter(([, cell]) => cell !== undefined))];
  });

describe.concurrent('a simulated stream behind an endpoint', () => {
  it('leaves batches as they are until they are released, while others come', async () => {
    const here = ground({ changes: 400, keys: 20 }, { recordsOfPage: 40 });
    for (const { item, sequence, event } of here.history.changes) {
      if (event !== 'remove') Object.assign(item, { note: { S: sequence.repeat(500) } });
    }
    const server = await serveSimulatedStream(here.stream);
    const ends = await dynamodbEnds({}, server.endpoint);
    try {
      const feed = ends.feed({ table: 'simulated' });
      const content: unknown[] = [];
      const held: FeedBatch[] = [];
      const two = { ...size, maxRows: 2 };
      for await (const batch of feed.read(await feed.begin('oldest'), { ...two, drain: true })) {
        if (!batch || batch.batch.rows.length === 0) continue;
        // Other pages come meanwhile.
        await setTimeout(3);
        if (held.push(batch) <= 3) continue;
        const [oldest] = held.splice(0, 1);
        if (oldest) content.push(...contentOf(oldest));
        oldest?.release?.();
      }
      content.push(...held.flatMap(contentOf));
      const made = here.history.changes.map(({ sequence, item }) => [sequence, item]);
      expect(new Map(content as [string, object][])).toEqual(new Map(made as [string, object][]));
    } finally {
      await ends.close();
      await server.stop();
    }
  }, 600_000);

  it('is read through the network as it is without', async () => {
    const here = ground(
      { changes: 60, closings: 6 },
      { throttled: 0.05, expired: 0.05, repeated: 0.2, recordsOfPage: 5, shardsOfPage: 2 },
    );
    const server = await serveSimulatedStream(here.stream);
    const ends = await dynamodbEnds({}, server.endpoint);
    try {
      const feed = ends.feed({ table: 'simulated' });
      const batches = await drained(feed, await feed.begin('oldest'));
      expect(sequencesOf(batches)).toEqual(allOf(here));
    } finally {
      await ends.close();
      await server.stop();
    }
  }, 600_000);
});
