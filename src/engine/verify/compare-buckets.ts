import { stat } from 'node:fs/promises';
import type { BucketFiles } from '../../connectors/buckets.js';
import { type SideRecord, sideRecords } from './records.js';

/** More of a bucket is not held in memory at once: a larger one is compared in several passes. */
const MAX_BUCKET_BYTES = 8 * 1024 * 1024;
/** A pass takes the records of some values of one byte. */
const MAX_PASSES = 256;

/** What the first look found of a row. */
export type Verdict =
  | { readonly kind: 'missing' | 'changed'; readonly name: string; readonly place: number }
  | { readonly kind: 'extra'; readonly name: string };

export interface FirstLook {
  equal: number;
  superseded: number;
}

/** Compares the two sides bucket by bucket; memory is bounded. Equal rows are only counted. */
export async function* compareBuckets(
  expected: BucketFiles,
  actual: BucketFiles,
  keyed: boolean,
  counts: FirstLook,
): AsyncGenerator<Verdict> {
  const buckets = new Set([...expected.keys(), ...actual.keys()]);
  for (const bucket of [...buckets].sort((one, other) => one - other)) {
    const files = { expected: expected.get(bucket), actual: actual.get(bucket) };
    const bytes = files.expected === undefined ? 0 : (await stat(files.expected)).size;
    const passes = Math.min(MAX_PASSES, Math.max(1, Math.ceil(bytes / MAX_BUCKET_BYTES)));
    for (let pass = 0; pass < passes; pass++) {
      const isInPass = (record: SideRecord) => passes === 1 || record.pass % passes === pass;
      if (keyed) yield* compareKeyed(files, isInPass, counts);
      else yield* compareBags(files, isInPass, counts);
    }
  }
}

interface BucketPair {
  readonly expected: string | undefined;
  readonly actual: string | undefined;
}

async function* recordsOf(
  path: string | undefined,
  isInPass: (record: SideRecord) => boolean,
): AsyncGenerator<readonly SideRecord[]> {
  if (path === undefined) return;
  for await (const records of sideRecords(path)) yield records.filter(isInPass);
}

async function* compareKeyed(
  files: BucketPair,
  isInPass: (record: SideRecord) => boolean,
  counts: FirstLook,
): AsyncGenerator<Verdict> {
  const wanted = new Map<string, SideRecord>();
  for await (const records of recordsOf(files.expected, isInPass)) {
    for (const record of records) {
      const earlier = wanted.get(record.name);
      if (earlier && record.refused) continue;
      if (earlier && !earlier.refused) counts.superseded++;
      wanted.set(record.name, record);
    }
  }
  for await (const records of recordsOf(files.actual, isInPass)) {
    for (const { name, digest } of records) {
      const row = wanted.get(name);
      wanted.delete(name);
      if (!row) yield { kind: 'extra', name };
      else if (row.digest === digest && !row.refused) counts.equal++;
      else if (!row.refused) yield { kind: 'changed', name, place: row.place };
    }
  }
  for (const { name, place, refused } of wanted.values()) {
    if (!refused) yield { kind: 'missing', name, place };
  }
}

/** Rows without a key: as many of each content must be on both sides. */
async function* compareBags(
  files: BucketPair,
  isInPass: (record: SideRecord) => boolean,
  counts: FirstLook,
): AsyncGenerator<Verdict> {
  const wanted = new Map<string, number[]>();
  for await (const records of recordsOf(files.expected, isInPass)) {
    for (const { name, place } of records) {
      const places = wanted.get(name);
      if (places) places.push(place);
      else wanted.set(name, [place]);
    }
  }
  for await (const records of recordsOf(files.actual, isInPass)) {
    for (const { name } of records) {
      if (wanted.get(name)?.pop() === undefined) yield { kind: 'extra', name };
      else counts.equal++;
    }
  }
  for (const [name, places] of wanted) for (const place of places) yield { kind: 'missing', name, place };
}
