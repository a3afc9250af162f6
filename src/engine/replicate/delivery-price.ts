/**
 * What AWS asks in us-east-1, US dollars, for changes through a delivery stream; other regions ask for more or less. Of Firehose, a
 * change counts as a multiple of 5 KB: https://aws.amazon.com/firehose/pricing/, https://aws.amazon.com/s3/pricing/,
 * https://aws.amazon.com/sqs/pricing/
 */
const PER_GIB = 0.029;
const COUNTED_BYTES = 5 * 1024;
const PER_PUT = 0.005 / 1000;
const PER_GET = 0.0004 / 1000;
const PER_REQUEST = 0.4 / 1e6;
/** The bucket sends a message of each object, which is received and deleted. */
const REQUESTS = 3;

/** Of so many changes, each of so many bytes, and so many objects that they come in; functions are not in it. */
export function deliveryDollars(changes: number, bytes: number, objects: number): number {
  const counted = Math.ceil(bytes / COUNTED_BYTES) * COUNTED_BYTES;
  const gathering = ((changes * counted) / 2 ** 30) * PER_GIB;
  return gathering + objects * (PER_PUT + PER_GET + REQUESTS * PER_REQUEST);
}
