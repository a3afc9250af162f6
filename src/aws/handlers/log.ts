import {
  type Counts,
  METRICS_NAMESPACE,
  type MetricName,
  metricUnits,
  PIPELINE_DIMENSION,
  STEP_DIMENSION,
  summedMetrics,
} from '../metrics.js';

/** What is logged: plain JSON without rows, keys or secrets (invariant 8). */
export type Logged = Readonly<Record<string, string | number | boolean | undefined>>;

/** One JSON object a line. */
export interface Log {
  said(message: string, more?: Logged): void;
  /** What somebody should look at. */
  warned(message: string, more?: Logged): void;
  /** Also counts: a line in CloudWatch's embedded metric format. Without a step, of the run as a whole. */
  counted(step: string | undefined, counts: Counts): void;
}

/**
 * A line as Lambda wants it: without a time it takes every line for one of level INFO.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
 */
export function logLine(level: 'INFO' | 'WARN' | 'ERROR', message: string, more: object): string {
  return JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...more });
}

/** Lines with what all of them have in common. */
export function openLog(about: Logged & { readonly pipeline: string }, write: (line: string) => void): Log {
  return {
    said: (message, more = {}) => write(logLine('INFO', message, { ...about, ...more })),
    warned: (message, more = {}) => write(logLine('WARN', message, { ...about, ...more })),
    counted: (step, counts) => {
      if (Object.keys(counts).length === 0) return;
      write(logLine('INFO', 'counted', { ...about, ...metrics(about.pipeline, step, counts) }));
    },
  };
}

/**
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function metrics(pipeline: string, step: string | undefined, counts: Counts): object {
  const names = Object.keys(counts) as MetricName[];
  const summed = names.filter((name) => step === undefined || summedMetrics.has(name));
  const groups = [
    group([PIPELINE_DIMENSION], summed),
    ...(step === undefined ? [] : [group([PIPELINE_DIMENSION, STEP_DIMENSION], names)]),
  ];
  return {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: groups.filter(({ Metrics }) => Metrics.length > 0),
    },
    [PIPELINE_DIMENSION]: pipeline,
    ...(step === undefined ? {} : { [STEP_DIMENSION]: step }),
    ...counts,
  };
}

function group(dimensions: readonly string[], names: readonly MetricName[]) {
  const Metrics = names.map((Name) => ({ Name, Unit: metricUnits[Name] }));
  return { Namespace: METRICS_NAMESPACE, Dimensions: [dimensions], Metrics };
}
