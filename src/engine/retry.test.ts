import { expect, test } from 'vitest';
import { SluiceError } from '../errors.js';
import { retry } from './retry.js';

const never = new AbortController().signal;
const passing = () => new SluiceError('throttled', 'slower, please', { retry: 'slower' });

test('a call that may succeed later is made again until it does', async () => {
  let calls = 0;
  const result = await retry(
    async () => {
      calls++;
      if (calls < 4) throw passing();
      return 'done';
    },
    10_000,
    never,
  );
  expect([result, calls]).toEqual(['done', 4]);
});

test('a failure for good is thrown at once', async () => {
  let calls = 0;
  const call = async () => {
    calls++;
    throw new SluiceError('access_denied', 'no');
  };
  await expect(retry(call, 10_000, never)).rejects.toMatchObject({ code: 'access_denied' });
  expect(calls).toBe(1);
});

test('an error that is not ours is a bug and is not retried', async () => {
  let calls = 0;
  const call = async () => {
    calls++;
    throw new TypeError('bug');
  };
  await expect(retry(call, 10_000, never)).rejects.toThrow(TypeError);
  expect(calls).toBe(1);
});

test('patience ends: the last error is thrown', async () => {
  await expect(retry(() => Promise.reject(passing()), 200, never)).rejects.toMatchObject({
    code: 'throttled',
  });
});

test('a call within a call has one patience with it', async () => {
  let calls = 0;
  const inner = () =>
    retry(
      async () => {
        calls++;
        throw passing();
      },
      0,
      never,
    );
  await expect(retry(() => retry(inner, 600_000, never), 600_000, never)).rejects.toMatchObject({
    code: 'throttled',
  });
  expect(calls).toBe(1);
});

test('who waits is told once what for', async () => {
  const told: string[] = [];
  let after = 0;
  const call = async () => {
    if (told.length > 0) after++;
    if (after < 3) throw passing();
    return 'done';
  };
  expect(await retry(call, 600_000, never, ({ message }) => told.push(message))).toBe('done');
  expect(told).toEqual(['slower, please']);
});

test('a stopped run does not wait', async () => {
  const controller = new AbortController();
  const waiting = retry(() => Promise.reject(passing()), 60_000, controller.signal);
  controller.abort(new SluiceError('interrupted', 'stop'));
  await expect(waiting).rejects.toThrow();
});
