import { afterEach, expect, test, vi } from 'vitest';
import { sweepExtent } from './sweep-extent.js';

afterEach(() => vi.unstubAllEnvs());

function chosen(wanted: string, count: number): readonly number[] {
  vi.stubEnv('SLUICE_SWEEP', wanted);
  return sweepExtent(2).among(count);
}

test('the pieces of a sweep are together all of it', () => {
  expect(chosen('all', 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  const pieces = ['1-3', '4-4', '5-100', '101-200'].map((piece) => chosen(piece, 7));
  expect(pieces.map(({ length }) => length)).toEqual([3, 1, 3, 0]);
  expect(pieces.flat()).toEqual(chosen('all', 7));
});

test('a number of moments is spread over all of them', () => {
  expect(chosen('2', 100)).toEqual([25, 75]);
  expect(chosen('8', 3)).toEqual([0, 1, 2]);
});

test('what says neither is refused', () => {
  for (const wanted of ['every', '0', '3-', '']) expect(() => chosen(wanted, 3)).toThrow('SLUICE_SWEEP');
});
