import { type BucketFiles, type Buckets, textRecords } from '../../connectors/buckets.js';
import type { Verdict } from './compare-buckets.js';

/** bucket (1) · kind (1) · place (4) · the row's name. The bucket is the place's: a place is read again once. */
const HEAD_BYTES = 6;
const kinds = ['missing', 'changed'] as const;

export type Candidate = Exclude<Verdict, { readonly kind: 'extra' }>;

/** Keeps rows that seem to differ by where they were read, in files: there may be many. */
export function addCandidate(buckets: Buckets, { kind, name, place }: Candidate): Promise<void> | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = place & 0xff;
  head[1] = kinds.indexOf(kind);
  head.writeUInt32BE(place, 2);
  return buckets.addText(head, name);
}

/** The candidates place by place. */
export async function* candidatesByPlace(files: BucketFiles): AsyncGenerator<readonly Candidate[]> {
  for (const path of files.values()) {
    const byPlace = new Map<number, Candidate[]>();
    for await (const records of textRecords(path, HEAD_BYTES)) {
      for (const { head, text } of records) {
        const place = head.readUInt32BE(2);
        const candidate = { kind: kinds[head[1] ?? 0] ?? 'missing', name: text, place };
        const known = byPlace.get(place);
        if (known) known.push(candidate);
        else byPlace.set(place, [candidate]);
      }
    }
    yield* byPlace.values();
  }
}
