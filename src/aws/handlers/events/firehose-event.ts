/**
 * What Firehose hands a function that transforms records.
 * https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
 */
export interface FirehoseEvent {
  readonly invocationId?: string;
  readonly deliveryStreamArn?: string;
  readonly records: readonly {
    readonly recordId: string;
    readonly approximateArrivalTimestamp?: number;
    /** Base64. */
    readonly data: string;
  }[];
}

/** https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html */
export interface FirehoseAnswer {
  readonly records: readonly FirehoseResult[];
}

/** Each record that was handed over is told of once. */
export interface FirehoseResult {
  readonly recordId: string;
  readonly result: 'Ok' | 'Dropped' | 'ProcessingFailed';
  /** Base64. */
  readonly data: string;
}

/** An answer has at most 6 MiB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024;
/** Of a result besides its data. */
const RESULT_BYTES = 128;

/** What is too much for one answer goes to the error prefix as it came, and is read from there again. */
export function withinLimit(
  results: readonly FirehoseResult[],
  dataOf: (recordId: string) => string,
  limit = MAX_ANSWER_BYTES,
): readonly FirehoseResult[] {
  const sizeOf = ({ recordId, data }: FirehoseResult) => RESULT_BYTES + recordId.length + data.length;
  const failed = results.map(({ recordId }): FirehoseResult => {
    return { recordId, result: 'ProcessingFailed', data: dataOf(recordId) };
  });
  let bytes = failed.reduce((sum, one) => sum + sizeOf(one), 0);
  return results.map((result, index) => {
    const instead = failed[index] ?? result;
    const more = sizeOf(result) - sizeOf(instead);
    if (bytes + more > limit) return instead;
    bytes += more;
    return result;
  });
}
