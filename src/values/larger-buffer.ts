/**
 * A buffer with room for `needed` bytes, whose first `used` are those of this one. At least twice as long as before, so that all growing
 * together copies no more than what is written in the end.
 */
export function largerBuffer(bytes: Buffer, used: number, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * bytes.length));
  bytes.copy(larger, 0, 0, used);
  return larger;
}
