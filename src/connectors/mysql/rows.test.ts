import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CellKind, rowReader } from './rows.js';

type Value = string | Uint8Array | null;

/** Written as the protocol documents it, by other means than the reader. */
function packet(values: readonly Value[]): Buffer {
  const pieces = values.map((value) => {
    if (value === null) return Buffer.from([0xfb]);
    const bytes = Buffer.from(value as string);
    return Buffer.concat([length(bytes.length), bytes]);
  });
  return Buffer.concat(pieces);
}

function length(size: number): Buffer {
  if (size < 251) return Buffer.from([size]);
  const buffer = Buffer.alloc(9);
  buffer.writeBigUInt64LE(BigInt(size), 1);
  const [marker, width] = size < 65_536 ? [0xfc, 2] : size < 16_777_216 ? [0xfd, 3] : [0xfe, 8];
  buffer[0] = marker;
  return buffer.subarray(0, 1 + width);
}

const sizes = fc.constantFrom(0, 1, 7, 127, 128, 129, 250, 251, 252, 4095, 4096, 65_535, 65_536);
const ascii = fc.tuple(sizes, fc.stringMatching(/^[ -~]$/)).map(([size, one]) => one.repeat(size));
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  ascii,
  fc.constantFrom('é'.repeat(200), '😀', '\0', '\uFEFF'),
);
const cell = fc.oneof(
  ascii.map((value) => ({ kind: 'ascii' as CellKind, value: value as Value })),
  text.map((value) => ({ kind: 'text' as CellKind, value: value as Value })),
  fc.uint8Array({ maxLength: 300 }).map((value) => ({ kind: 'bytes' as CellKind, value: value as Value })),
  fc.constantFrom<CellKind>('ascii', 'text', 'bytes').map((kind) => ({ kind, value: null })),
);

describe('the reader of rows', () => {
  it('gives the cells of any row, wherever it lies in its buffer', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 8 }), fc.nat(40), (cells, before) => {
        const bytes = packet(cells.map(({ value }) => value));
        const around = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(7, 0xff)]);
        const row = rowReader(cells.map(({ kind }) => kind))(around, before, before + bytes.length);
        const plain = row.map((value) => (value instanceof Uint8Array ? Uint8Array.from(value) : value));
        expect(plain).toEqual(cells.map(({ value }) => value));
      }),
      { numRuns: 300 },
    );
  });

  it('reads a cell of 16 MiB and more', () => {
    const big = Buffer.alloc(16_777_217, 0x61);
    const bytes = packet([big, 'end']);
    const [cellOfBytes, end] = rowReader(['bytes', 'text'])(bytes, 0, bytes.length);
    expect(Buffer.compare(cellOfBytes as Buffer, big)).toBe(0);
    expect(end).toBe('end');
  });

  it('does not hand out parts of the network buffer', () => {
    const bytes = packet([Buffer.from('abc')]);
    const [found] = rowReader(['bytes'])(bytes, 0, bytes.length);
    bytes.fill(0);
    expect(Buffer.from(found as Uint8Array).toString()).toBe('abc');
  });

  it.each([
    ['too short', Buffer.from([5, 0x61, 0x62])],
    ['too long', Buffer.from([1, 0x61, 0x62])],
    ['cut in a length', Buffer.from([0xfc, 1])],
  ])('refuses a row that is %s', (_, bytes) => {
    expect(() => rowReader(['text'])(bytes, 0, bytes.length)).toThrow(RangeError);
  });
});
