/**
 * What deployed functions count, as lines of their logs in the embedded metric format, and what alarms and dashboard read.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export const METRICS_NAMESPACE = 'Sluice';
export const PIPELINE_DIMENSION = 'Pipeline';
export const STEP_DIMENSION = 'Step';

/** Units as CloudWatch spells them. */
export const metricUnits = {
  Read: 'Count',
  Written: 'Count',
  /** Rows that a queue took. */
  Sent: 'Count',
  /** Messages that were done with: written, unchanged or rejected. */
  Received: 'Count',
  Rejected: 'Count',
  /** Of changes: age of the newest of those that have come into the sink, from when its source made it. */
  Lag: 'Milliseconds',
  /** Of changes: those of a delivery that are to come again. */
  Waiting: 'Count',
  /** Of changes through a delivery stream: those that could not be transformed, and lie below its error prefix. */
  SetAside: 'Count',
  /** How old what the sink holds is, from when its rows began to be read. */
  Age: 'Seconds',
  /** Firings of the schedule since the run before that no run acted for. */
  Missed: 'Count',
} as const;

export type MetricName = keyof typeof metricUnits;

export type Counts = Readonly<Partial<Record<MetricName, number>>>;

/**
 * What is counted of steps of these kinds, by pipeline and step. sent, received: the halves of a copy through a queue. delivered: a
 * replicate through a delivery stream.
 */
export const stepMetrics = {
  copy: ['Read', 'Written', 'Rejected', 'Age'],
  sent: ['Read', 'Sent', 'Rejected', 'Age'],
  received: ['Received', 'Written', 'Rejected'],
  export: ['Read', 'Written', 'Rejected', 'Age'],
  replicate: ['Read', 'Written', 'Rejected', 'Lag', 'Waiting'],
  delivered: ['Read', 'Written', 'Rejected', 'Lag', 'Waiting', 'SetAside'],
} as const satisfies Readonly<Record<string, readonly MetricName[]>>;

/** Something that is counted: of which kind, and its step's name. */
export interface Counted {
  readonly kind: keyof typeof stepMetrics;
  readonly name: string;
}

/** What of that is counted by pipeline alone, too: where a sum over its steps says something. */
export const summedMetrics: ReadonlySet<MetricName> = new Set([
  'Read',
  'Written',
  'Sent',
  'Received',
  'Rejected',
]);

/** What is counted of runs, by pipeline; and of those of a schedule, besides. */
export const runMetrics = ['Age'] as const satisfies readonly MetricName[];
export const scheduleMetrics = ['Missed'] as const satisfies readonly MetricName[];
