import { describe, expect, it } from 'vitest';
import type { Delivery, Misfit } from '../../src/connectors/queue.js';
import { idsOf, items, rowsOf } from '../fixtures/queues.js';
import { allCases, queueKinds } from './all-cases.js';
import type { OpenedQueue, QueueCase } from './cases.js';

const PATIENCE_MS = 120_000;
const COUNT = 23;
const origin = { pipeline: 'sample', step: 'users', run: 'r1', readAtMs: Date.UTC(2026, 10, 1, 6) };
/** Of a size that some queues take in no message. */
const rows = items(COUNT, (index) => ({ S: `${index} `.repeat(700) }));
const ids = (token: string, count = COUNT) =>
  Array.from({ length: count }, (_, index) => `r1/${token}.${index}`).sort();

async function withQueue({ open }: QueueCase, use: (opened: OpenedQueue) => Promise<void>): Promise<void> {
  const opened = await open();
  try {
    await use(opened);
  } finally {
    await opened.close();
  }
}

/** Everything that was received until so many messages had been seen. */
async function received({ queue }: OpenedQueue, count: number): Promise<(Delivery | Misfit)[]> {
  const all: (Delivery | Misfit)[] = [];
  while (idsOf(all).length < count) all.push(...(await queue.receive({ max: 100, waitSeconds: 20 })));
  return all;
}

/** Removes what comes until nothing is there any more: a lost answer leaves messages in flight. */
async function emptied(opened: OpenedQueue): Promise<void> {
  for (;;) {
    const { waiting, inFlight } = await opened.queue.describe();
    if (waiting + inFlight === 0) return;
    await opened.queue.remove(await opened.queue.receive({ max: 100, waitSeconds: 1 }));
  }
}

describe.each(queueKinds)('the queues of %s', (kind) => {
  const cases = allCases[kind]?.queues ?? [];

  it('have cases in test/contract', () => {
    expect(cases.length).toBeGreaterThan(0);
  });

  describe.concurrent.each(cases)('$name', { timeout: PATIENCE_MS }, (example) => {
    it('gives every row that was sent, with its key, its origin and its id', () =>
      withQueue(example, async (opened) => {
        const sent = await opened.queue.send(rows, ['pk'], origin, 'p0.1');
        expect(sent).toEqual(rows.rows.map(() => 'sent'));
        const all = await received(opened, COUNT);
        expect(idsOf(all)).toEqual(ids('p0.1'));
        expect(rowsOf(all)).toEqual(all.map(({ id }) => rows.rows.at(Number(id.split('.')[2]))));
        for (const one of all) expect(one).toMatchObject({ kind: 'row', key: ['pk'], origin });
        for (const { receives, receipt } of all) expect(receipt.length * receives).toBeGreaterThan(0);
      }));

    it('gives the same id to what is sent again', () =>
      withQueue(example, async (opened) => {
        await opened.queue.send(rows, ['pk'], origin, 't');
        await opened.queue.send(rows, ['pk'], origin, 't');
        expect(idsOf(await received(opened, COUNT))).toEqual(ids('t'));
      }));

    it('foretells whether a row fits', () =>
      withQueue(example, async ({ queue }) => {
        const { maxMessageBytes } = await queue.describe();
        for (const row of rows.rows.map((_, index) => index)) {
          expect(queue.sizeOf(rows, row)).toBeLessThanOrEqual(maxMessageBytes);
        }
      }));

    it('loses what was removed, and nothing else', () =>
      withQueue(example, async (opened) => {
        await opened.queue.send(rows, ['pk'], origin, 't');
        const all = await received(opened, COUNT);
        const [kept, ...others] = [...new Map(all.map((one) => [one.id, one])).values()];
        if (kept === undefined) throw new Error('nothing was received');
        const left = await opened.queue.remove(others);
        expect(left).toEqual([]);
        await opened.queue.extend([kept], 0);
        const [again] = await received(opened, 1);
        expect(again?.kind).toBe('row');
        if (again !== undefined) await opened.queue.remove([again]);
        await emptied(opened);
      }));

    it('sets messages aside with their reason, gives them again, and forgets what is settled', () =>
      withQueue(example, async (opened) => {
        const { queue } = opened;
        await queue.send(rows, ['pk'], origin, 't');
        await opened.foreign('none of ours');
        const all = await received(opened, COUNT + 1);
        for (const one of all) await queue.setAside(one, { code: 'value_range', message: 'a \u0001 reason' });
        const looked = await queue.aside({ max: 5, seconds: 60 });
        await queue.release(looked);
        const aside = [];
        for (let more = await queue.aside({ max: 100, seconds: 60 }); more.length > 0; ) {
          aside.push(...more);
          more = await queue.aside({ max: 100, seconds: 60 });
        }
        const rowIds = aside.flatMap(({ delivery }) => (delivery.kind === 'row' ? [delivery.id] : []));
        expect([...new Set(rowIds)].sort()).toEqual(ids('t'));
        expect(aside.some(({ delivery }) => delivery.kind === 'misfit')).toBe(true);
        for (const one of aside) {
          expect(one).toMatchObject({ code: 'value_range', message: 'a \u0001 reason' });
          await queue.settle(one);
        }
      }));

    it('tells what is none of ours without its values', () =>
      withQueue(example, async (opened) => {
        await opened.foreign('{"password":"hunter2"}');
        const [one] = await received(opened, 1);
        expect(one?.kind).toBe('misfit');
        expect(JSON.stringify(one)).not.toContain('hunter2');
      }));
  });
});
