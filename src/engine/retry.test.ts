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

test('a stopped run does not wait', async () => {
  const controller = new AbortController();
  const waiting = retry(() => Promise.reject(passing()), 60_000, controller.signal);
  controller.abort(new SluiceError('interrupted', 'stop'));
  await expect(waiting).rejects.toThrow();
});
