/** What whoever makes a delivery stream and whoever uses it must know alike. */
import { createHash } from 'node:crypto';

const MAX_LENGTH = 64;
const HASH_DIGITS = 8;

/**
 * What the delivery stream of a step is called: the same each time.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html
 */
export function deliveryStreamName(pipeline: string, step: string): string {
  const name = `sluice-${pipeline}-${step}`;
  if (name.length <= MAX_LENGTH) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
  return `${name.slice(0, MAX_LENGTH - HASH_DIGITS - 1)}-${hash}`;
}

/** Changes are gathered for so long, or until there are so many MiB of them. */
export interface Buffering {
  readonly seconds: number;
  readonly mib: number;
}

const DEFAULTS: Buffering = { seconds: 60, mib: 5 };

/** By the options of a connection of kind firehose, else the defaults. */
export function bufferingOf(options: Readonly<Record<string, unknown>>): Buffering {
  const { seconds, mib } = options;
  return {
    seconds: typeof seconds === 'number' ? seconds : DEFAULTS.seconds,
    mib: typeof mib === 'number' ? mib : DEFAULTS.mib,
  };
}
