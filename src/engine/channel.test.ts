import { expect, test } from 'vitest';
import { Channel } from './channel.js';

test('a channel holds senders back at its capacity', async () => {
  const channel = new Channel<number>(2);
  let sent = 0;
  const sending = (async () => {
    for (let value = 0; value < 5; value++) {
      await channel.send(value);
      sent++;
    }
    channel.close();
  })();
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toBe(2);
  const received: number[] = [];
  for (let value = await channel.receive(); value !== undefined; value = await channel.receive())
    received.push(value);
  await sending;
  expect(received).toEqual([0, 1, 2, 3, 4]);
});

test('a failed channel throws its first failure at both ends', async () => {
  const channel = new Channel<number>(1);
  await channel.send(1);
  const stuck = channel.send(2);
  channel.fail(new Error('first'));
  channel.fail(new Error('second'));
  await expect(stuck).rejects.toThrow('first');
  await expect(channel.receive()).rejects.toThrow('first');
});

test('a closed channel gives what is left and then ends for every receiver', async () => {
  const channel = new Channel<string>(3);
  await channel.send('last');
  channel.close();
  expect(await channel.receive()).toBe('last');
  expect(await Promise.all([channel.receive(), channel.receive()])).toEqual([undefined, undefined]);
});
