import { METRICS_NAMESPACE, type MetricName, PIPELINE_DIMENSION, STEP_DIMENSION } from '../metrics.js';

/** What is logged: plain JSON without rows, keys or secrets (invariant 8). */
export type Logged = Readonly<Record<string, string | number | boolean | undefined>>;

/** One JSON object a line. */
export interface Log {
  said(message: string, more?: Logged): void;
  /** Also counts: a line in CloudWatch's embedded metric format. */
  counted(step: string, counts: Readonly<Partial<Record<MetricName, number>>>): void;
}

/** Lines with what all of them have in common. */
export function openLog(pipeline: string, about: Logged, write: (line: string) => void): Log {
  return {
    said: (message, more = {}) =>
      write(JSON.stringify({ level: 'INFO', message, pipeline, ...about, ...more })),
    counted: (step, counts) => write(metricLine(pipeline, step, counts)),
  };
}

/**
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function metricLine(
  pipeline: string,
  step: string,
  counts: Readonly<Partial<Record<MetricName, number>>>,
): string {
  const Metrics = Object.keys(counts).map((Name) => ({ Name, Unit: 'Count' }));
  const Dimensions = [[PIPELINE_DIMENSION], [PIPELINE_DIMENSION, STEP_DIMENSION]];
  return JSON.stringify({
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: METRICS_NAMESPACE, Dimensions, Metrics }],
    },
    [PIPELINE_DIMENSION]: pipeline,
    [STEP_DIMENSION]: step,
    ...counts,
  });
}
