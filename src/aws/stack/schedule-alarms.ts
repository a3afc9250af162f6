import type { ScheduleDeclaration } from '../../declare/declaration.js';
import { METRICS_NAMESPACE, type MetricName, PIPELINE_DIMENSION } from '../metrics.js';
import type { Fields, Resources } from '../template/template.js';
import { above, alarm, executionsMetric, metric } from './alarm.js';
import { asideName } from './schedule.js';
import { longestGapSeconds } from './schedule-gap.js';
import type { Site } from './site.js';

/** Scheduler begins a firing within a minute. */
const SLACK_SECONDS = 60;
const DAY = 86_400;
const WEEK = 604_800;
/**
 * The shorter the periods, the sooner an alarm; but all of an alarm's together are a day, and a week only with periods of an hour.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, EvaluationPeriods
 */
const periods = [
  { period: 60, upTo: 900 },
  { period: 300, upTo: DAY },
  { period: 3600, upTo: WEEK },
] as const;

/**
 * That a run did not begin when one was due, that none has succeeded for two firings, that a run found firings before it for which
 * none had begun, and that a firing could not be delivered. Where firings lie further apart than an alarm can look back, only the
 * last two.
 */
export function scheduleAlarms(site: Site, schedule: ScheduleDeclaration): Resources {
  const gap = longestGapSeconds(schedule);
  const missed = gap === undefined ? undefined : notOnceIn(gap);
  const old = gap === undefined ? undefined : notOnceIn(2 * gap);
  return {
    ScheduleAsideAlarm: alarm(site, 'schedule-aside', 'a firing could not be delivered', {
      ...metric('AWS/SQS', 'ApproximateNumberOfMessagesVisible', {
        Name: 'QueueName',
        Value: asideName(site),
      }),
      ...above(0, 'Maximum'),
    }),
    SkippedAlarm: alarm(site, 'skipped', 'no run had begun for firings before this one', {
      ...metric(METRICS_NAMESPACE, 'Missed' satisfies MetricName, {
        Name: PIPELINE_DIMENSION,
        Value: site.pipeline,
      }),
      ...above(0, 'Sum'),
    }),
    ...(missed && {
      MissedAlarm: alarm(site, 'missed', 'no run began when one was due', {
        ...executionsMetric('ExecutionsStarted'),
        ...missed,
      }),
    }),
    ...(old && {
      AgeAlarm: alarm(site, 'age', 'no run has succeeded for two firings', {
        ...executionsMetric('ExecutionsSucceeded'),
        ...old,
      }),
    }),
  };
}

/**
 * Not once in so long, and a little more; undefined where that is longer than an alarm can look back. One period more than
 * fit between two that are so far apart: however the periods lie, that many empty ones in a row are too long.
 */
function notOnceIn(seconds: number): Fields | undefined {
  for (const { period, upTo } of periods) {
    const count = Math.floor((seconds + SLACK_SECONDS) / period) + 1;
    if (count * period > upTo) continue;
    return {
      Statistic: 'Sum',
      Period: period,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: count,
      DatapointsToAlarm: count,
      TreatMissingData: 'breaching',
    };
  }
  return undefined;
}
