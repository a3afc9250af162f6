/**
 * What Lambda hands a function for changes of a table: of one shard, in their order. The records are as GetRecords has them.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html#events-sample-dynamodb
 */
export interface StreamEvent {
  readonly Records: readonly object[];
}

interface Change {
  readonly SequenceNumber?: string;
  /** Epoch seconds. */
  readonly ApproximateCreationDateTime?: number;
}

/** How the service knows a change. */
export function sequenceOf(record: object | undefined): string {
  return changeOf(record).SequenceNumber ?? '';
}

/**
 * How far a delivery has left the sink behind its stream: the age of the newest change that is done with, where there is one, and how
 * many are to come again.
 */
export function behindStream(
  { Records }: StreamEvent,
  again: string | undefined,
  nowMs = Date.now(),
): { readonly Lag?: number; readonly Waiting: number } {
  const first = again === undefined ? -1 : Records.findIndex((record) => sequenceOf(record) === again);
  const done = first === -1 ? Records.length : first;
  const { ApproximateCreationDateTime: seconds } = changeOf(Records[done - 1]);
  const lag = seconds === undefined ? {} : { Lag: Math.max(0, nowMs - seconds * 1000) };
  return { ...lag, Waiting: Records.length - done };
}

function changeOf(record: object | undefined): Change {
  return ((record ?? {}) as { readonly dynamodb?: Change }).dynamodb ?? {};
}
