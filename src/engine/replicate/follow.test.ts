import { describe, expect, it } from 'vitest';
import type { FeedBatch } from '../../connectors/feed.js';
import { Transform } from '../../transform/transform.js';
import { type Following, follow } from './follow.js';
import { Gathering } from './load.js';

const columns = Object.freeze([{ name: 'id', type: 'attribute' as const, nullable: false }]);
const limits = { rows: 3, bytes: 1000, seconds: 3600 };

function batchOf(id: number): FeedBatch {
  const at = '2026-11-01T00:00:00Z';
  const change = { event: 'insert' as const, sequence: String(id), changedAt: at, receivedAt: at };
  const batch = { columns, rows: [[{ N: String(id) }]], bytes: 10, changes: [change] };
  return { batch, stretch: { shard: 's', from: String(id), to: String(id) } };
}

/** Everything that can go on goes on. */
async function untilNothingMoves(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

/** Nine changes, three to a load; `seen` is told what happens, in its order, and `given` has each change that was asked for. */
function following(seen: string[], given: number[] = [], rows = limits.rows): Following {
  async function* changes(): AsyncGenerator<FeedBatch> {
    while (given.length < 9) yield batchOf(given.push(given.length));
  }
  let sequence = 0;
  return {
    changes: changes(),
    gathering: new Gathering({ ...limits, rows }, new Transform({ changes: true }, true), {
      events: ['insert'],
    }),
    intend: async (load) => {
      seen.push(`intend ${load.sequence}`);
      await untilNothingMoves();
      seen.push(`intended ${load.sequence}`);
    },
    write: async (load) => {
      seen.push(`write ${load.sequence}`);
      await untilNothingMoves();
      await untilNothingMoves();
      seen.push(`written ${load.sequence}`);
    },
    nextSequence: () => sequence++,
    waits: () => undefined,
    stop: new AbortController().signal,
  };
}

describe('following changes', () => {
  it('records the intent of the next load, and of no other, while one is written', async () => {
    const seen: string[] = [];
    await follow(following(seen));
    expect(seen).toEqual([
      ...['intend 0', 'intended 0', 'write 0', 'intend 1', 'intended 1', 'written 0'],
      ...['write 1', 'intend 2', 'intended 2', 'written 1', 'write 2', 'written 2'],
    ]);
  });

  it('does so also where each change is a load', async () => {
    const seen: string[] = [];
    await follow(following(seen, [], 1));
    expect(seen.slice(0, 6)).toEqual([
      ...['intend 0', 'intended 0', 'write 0', 'intend 1', 'intended 1', 'written 0'],
    ]);
    expect(seen.at(-1)).toBe('written 8');
  });

  it('holds no more than the load that is written, the next one and one batch', async () => {
    const given: number[] = [];
    const held: number[] = [];
    const write = async () => {
      await untilNothingMoves();
      held.push(given.length - 3 * held.length);
    };
    await follow({ ...following([], given), write });
    expect(held).toEqual([7, 6, 3]);
  });

  it('writes nothing whose intent could not be recorded, and ends behind the load under way', async () => {
    const seen: string[] = [];
    const all = following(seen);
    const intend: Following['intend'] = async (load) => {
      if (load.sequence === 1) throw new Error('no space');
      await all.intend(load);
    };
    await expect(follow({ ...all, intend })).rejects.toThrow('no space');
    expect(seen).toEqual(['intend 0', 'intended 0', 'write 0', 'written 0']);
  });

  it('that is stopped ends behind the load under way, whatever was intended', async () => {
    const seen: string[] = [];
    const all = following(seen);
    const stop = new AbortController();
    const write: Following['write'] = async (load) => {
      await untilNothingMoves();
      await untilNothingMoves();
      stop.abort(new Error('stopped'));
      await all.write(load);
    };
    await expect(follow({ ...all, write, stop: stop.signal })).rejects.toThrow('stopped');
    expect(seen).toEqual(['intend 0', 'intended 0', 'intend 1', 'intended 1', 'write 0', 'written 0']);
  });
});

describe('a load', () => {
  it('releases what it was gathered from, once, and what came after it not', () => {
    const released: number[] = [];
    const gathering = new Gathering(limits, new Transform({ changes: true }, true), { events: ['insert'] });
    const add = (id: number) => gathering.add({ ...batchOf(id), release: () => released.push(id) }, 0);
    add(1);
    add(2);
    const load = gathering.take(0);
    add(3);
    expect(released).toEqual([]);
    load.release();
    expect(released).toEqual([1, 2]);
    gathering.take(1).release();
    expect(released).toEqual([1, 2, 3]);
  });
});
