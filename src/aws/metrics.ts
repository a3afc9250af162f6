/**
 * What deployed functions count, as lines of their logs in the embedded metric format, and what alarms and dashboard read.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export const METRICS_NAMESPACE = 'Sluice';
export const PIPELINE_DIMENSION = 'Pipeline';
export const STEP_DIMENSION = 'Step';

export type MetricName = 'Read' | 'Written' | 'Rejected';
