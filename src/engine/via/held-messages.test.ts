import { expect, test } from 'vitest';
import type { Delivery } from '../../connectors/queue.js';
import { type Held, HeldMessages } from './held-messages.js';

const message = (key: string, bytes = 10): Held => {
  const origin = { pipeline: 'p', step: 's', run: 'r', readAtMs: 0 };
  const batch = { columns: [], rows: [[]], bytes };
  const delivery: Delivery = { kind: 'row', id: key, origin, key: [], batch, receives: 1, receipt: key };
  return { delivery, key };
};
const keys = (taken: readonly Held[] | undefined) => taken?.map(({ key }) => key);

test('two messages of one key never go to writers at the same time', async () => {
  const held = new HeldMessages({ messages: 10, bytes: 1000 });
  held.add([message('a'), message('a'), message('b'), message('a')]);
  const first = await held.take(10);
  expect(keys(first)).toEqual(['a', 'b']);
  const second = held.take(10);
  held.add([message('c')]);
  expect(keys(await second)).toEqual(['c']);
  const third = held.take(10);
  held.done(first ?? []);
  expect(keys(await third)).toEqual(['a']);
});

test('no more are asked for than the limits allow, by number and by bytes', () => {
  const held = new HeldMessages({ messages: 3, bytes: 100 });
  expect(held.free).toBe(3);
  held.add([message('a')]);
  expect(held.free).toBe(2);
  held.add([message('b', 90)]);
  expect(held.free).toBe(0);
});

test('what is the queue’s again is not written, unless a writer has it', async () => {
  const held = new HeldMessages({ messages: 10, bytes: 1000 });
  const all = [message('a'), message('b')];
  held.add(all);
  expect(keys(await held.take(1))).toEqual(['a']);
  held.lose(new Set(all.map(({ delivery }) => delivery)));
  held.close();
  expect(await held.take(1)).toBe(undefined);
  expect(held.size).toBe(1);
});

test('whoever waits is told of the end, and of a failure', async () => {
  const held = new HeldMessages({ messages: 1, bytes: 1000 });
  held.add([message('a')]);
  const room = held.room();
  await held.take(1);
  const more = held.take(1);
  held.fail(new Error('over'));
  await expect(room).rejects.toThrow('over');
  await expect(more).rejects.toThrow('over');
});
