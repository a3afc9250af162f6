import { expect, test } from 'vitest';
import { partSizes } from './bucket-parts.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const limits = { parts: 10_000, leastBytes: 5 * MIB, mostBytes: 5 * GIB };

/** What goes up, and what is copied. */
test.each([8 * MIB, 512 * MIB])('of whatever size, it has parts of %i bytes that S3 takes', (wanted) => {
  const sizes = [wanted + 1, 5 * GIB, 5 * GIB + 1, wanted * 10_000, wanted * 10_000 + 1, 5 * TIB, 48 * TIB];
  for (const size of sizes) {
    const { partBytes, count } = partSizes(size, wanted);
    expect(count).toBeLessThanOrEqual(limits.parts);
    expect(partBytes).toBeGreaterThanOrEqual(limits.leastBytes);
    expect(partBytes).toBeLessThanOrEqual(limits.mostBytes);
    const last = size - (count - 1) * partBytes;
    expect(last).toBeGreaterThan(0);
    expect(last).toBeLessThanOrEqual(partBytes);
  }
});

test('parts are no larger than is wanted while there are not too many', () => {
  expect(partSizes(8 * MIB * 10_000, 8 * MIB)).toEqual({ partBytes: 8 * MIB, count: 10_000 });
  expect(partSizes(5 * GIB + 1, 8 * MIB)).toEqual({ partBytes: 8 * MIB, count: 641 });
  expect(partSizes(0, 8 * MIB)).toEqual({ partBytes: 8 * MIB, count: 1 });
});
