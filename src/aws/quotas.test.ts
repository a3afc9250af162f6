import { expect, test } from 'vitest';
import type { DeployedForecast } from '../flow/deployed-forecast.js';
import { quotaRefusals } from './quotas.js';

/** A pointer as it goes through the state machine. */
const pointer = {
  copy: 'orders-out.customers',
  attempt: '0123456789abcdef',
  worker: '63',
  parts: ['63'],
  workers: 64,
};

function refused(tables: number, parallel: number): readonly string[] {
  const parts = tables * parallel;
  const listBytes = Buffer.byteLength(JSON.stringify(Array.from({ length: parts }, () => pointer)));
  const about = { step: 'orders-out', path: 'steps[0]', functions: parallel, isPaced: false };
  const forecasts: readonly DeployedForecast[] = [{ ...about, parts, listBytes }];
  return quotaRefusals({ steps: [] }, forecasts).map(({ path, message }) => `${path}: ${message}`);
}

test('a list of parts that no state would be given is refused', () => {
  expect(refused(1, 64)).toEqual([]);
  expect(refused(36, 64)).toEqual([]);
  expect(refused(40, 64)).toEqual([
    expect.stringMatching(
      /^steps\[0\]\.parallel: a list of 2560 parts \(2\d{5} bytes\) is more than .* given, 258048$/,
    ),
  ]);
});
