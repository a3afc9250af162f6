import { describe, expect, test } from 'vitest';
import { newRunName } from './run-name.js';

const noon = Date.UTC(2026, 10, 21, 12);

describe('the name of a run', () => {
  test('says when it began, and is another each time', () => {
    expect(newRunName(undefined, noon)).toMatch(/^20261121t120000000-[0-9a-f]{8}$/);
    expect(newRunName(undefined, noon)).not.toBe(newRunName(undefined, noon));
  });

  test('sorts behind the newest one also where the clock was put back', () => {
    const newest = newRunName(undefined, noon);
    const next = newRunName(newest, noon - 5 * 3_600_000);
    expect(next > newest).toBe(true);
    expect(next).toMatch(/^20261121t120000001-/);
    expect(newRunName(newest, noon + 5)).toMatch(/^20261121t120000005-/);
  });

  test('does not follow a file that is not named by a time', () => {
    expect(newRunName('notes', noon)).toMatch(/^20261121t120000000-/);
  });
});
