import { createHash } from 'node:crypto';

const HASH_DIGITS = 8;

/** The text, or where it is longer than allowed, its beginning and a hash of all of it: the same name each time. */
export function bounded(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - HASH_DIGITS - 1)}-${hashOf(text)}`;
}

/** A name of a bucket: lower case, no `_`; https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function bucketName(text: string): string {
  const plain = text.toLowerCase().replaceAll('_', '-');
  return bounded(plain === text ? text : `${plain}-${hashOf(text)}`, 63);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS);
}
