import type { CopyStep, PaceDeclaration } from '../declare/declaration.js';

/** How the function that receives from a queue is called. */
export interface ReceiverSettings {
  /** So many may be at work at once; each keeps an equal part of the pace. */
  readonly workers: number;
  readonly batchSize: number;
  /** Gathers messages for so long. */
  readonly windowSeconds: number;
  readonly timeoutSeconds: number;
  /** How long a message that was received stays out of sight, at least. */
  readonly visibilitySeconds: number;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html#events-sqs-max-concurrency */
const FEWEST_WORKERS = 2;
/** Without a pace: as many as DynamoDB and MySQL take together in a few calls. */
const LARGE_BATCH = 100;
/** More than ten need a window. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html */
const PLAIN_BATCH = 10;
/** A batch is to take no longer than this at the pace. */
const BATCH_SECONDS = 30;
const SHORTEST_SECONDS = 120;
/** All that Lambda allows, and what of it is kept for the end (handlers/function-time.ts). */
const LONGEST_SECONDS = 900;
const RESERVE_SECONDS = 60;
/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY_FACTOR = 6;

/** What one message may be expected to take of a rate. */
const likely = { items: 1, bytes: 4096, readUnits: 4, writeUnits: 4 } as const;

/** Undefined where the pace is so slow that no call of a function lasts long enough for one message. */
export function receiverSettings(
  step: Pick<CopyStep, 'parallel'>,
  pace: PaceDeclaration,
  isFifo: boolean,
): ReceiverSettings | undefined {
  const perSecond = slowest(pace);
  if (perSecond === undefined) {
    const workers = Math.max(FEWEST_WORKERS, step.parallel);
    return timed({ workers, batchSize: isFifo ? PLAIN_BATCH : LARGE_BATCH }, SHORTEST_SECONDS);
  }
  const each = perSecond / FEWEST_WORKERS;
  const batchSize = Math.max(1, Math.min(PLAIN_BATCH, Math.floor(each * BATCH_SECONDS)));
  // What was spent before it began counts as one message more.
  const timeout = Math.ceil((batchSize + 1) / each) + RESERVE_SECONDS;
  return timeout > LONGEST_SECONDS
    ? undefined
    : timed({ workers: FEWEST_WORKERS, batchSize }, Math.max(SHORTEST_SECONDS, timeout));
}

function timed(
  settings: Pick<ReceiverSettings, 'workers' | 'batchSize'>,
  timeoutSeconds: number,
): ReceiverSettings {
  const windowSeconds = settings.batchSize > PLAIN_BATCH ? 1 : 0;
  const visibilitySeconds = VISIBILITY_FACTOR * timeoutSeconds + windowSeconds;
  return { ...settings, windowSeconds, timeoutSeconds, visibilitySeconds };
}

/** Messages a second; undefined without a pace. */
function slowest(pace: PaceDeclaration): number | undefined {
  const names = ['items', 'bytes', 'readUnits', 'writeUnits'] as const;
  const rates = names.flatMap((name) => {
    const rate = pace[name];
    return rate === undefined ? [] : [rate / likely[name]];
  });
  return rates.length === 0 ? undefined : Math.min(...rates);
}
