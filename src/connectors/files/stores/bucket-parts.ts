const MIB = 1024 * 1024;
/** S3 takes so many parts, of 5 MiB to 5 GiB: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;

/** Of what goes up, or is copied, in parts. */
interface PartSizes {
  /** Of each part but the last, which may be smaller. */
  readonly partBytes: number;
  readonly count: number;
}

/** Parts of `wantedBytes`; larger ones where there would be more of them than S3 takes. What is empty is one part. */
export function partSizes(size: number, wantedBytes: number): PartSizes {
  const partBytes = Math.max(wantedBytes, Math.ceil(size / MAX_PARTS / MIB) * MIB);
  return { partBytes, count: Math.max(1, Math.ceil(size / partBytes)) };
}
