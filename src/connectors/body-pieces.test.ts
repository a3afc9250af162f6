import { describe, expect, it } from 'vitest';
import { BodyPieces } from './body-pieces.js';

const MAX_BYTES = 1024 * 1024;

function together(length: string | undefined, pieces: readonly Buffer[]): Buffer {
  const body = new BodyPieces();
  body.expect(length, MAX_BYTES);
  for (const piece of pieces) body.add(piece);
  return body.whole();
}

describe('BodyPieces', () => {
  const large = Buffer.alloc(300_000, 'abcdefg');
  const pieces = [large.subarray(0, 70_000), large.subarray(70_000, 131_072), large.subarray(131_072)];

  it.each([
    ['as long as it says', '300000'],
    ['longer than it says', '200000'],
    ['shorter than it says', '400000'],
    ['said to be longer than any answer', '99999999999'],
    ['of no length', undefined],
    ['of a length that is no number', 'x'],
  ])('gives every byte of an answer that is %s', (_, length) => {
    expect(together(length, pieces).equals(large)).toBe(true);
  });

  it('gives a small answer as it came', () => {
    expect(together('2', [Buffer.from('{}')]).toString()).toBe('{}');
    expect(together('0', []).length).toBe(0);
  });
});
