import { hash } from 'node:crypto';

/** Two of 10^12 keys share a digest with a chance of less than 10^-14. */
export const DIGEST_BYTES = 16;

/** A key's text (as `keyOf` makes it), shortened. */
export function digest(key: string): Buffer {
  return hash('sha256', key, 'buffer').subarray(0, DIGEST_BYTES);
}
