import type { ScheduleDeclaration } from '../../declare/declaration.js';
import { METRICS_NAMESPACE, type MetricName, PIPELINE_DIMENSION } from '../metrics.js';
import { type Fields, type Resources, ref } from '../template/template.js';
import { asideName } from './schedule.js';
import { longestGapSeconds } from './schedule-gap.js';
import { nameOf, type Site, tagsOf } from './site.js';
import { topicTarget } from './topic.js';

const FIVE_MINUTES = 300;
const HOUR = 3600;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html: with periods of an hour or more */
const LONGEST_RANGE = 604_800;

/** What somebody is told of: failures, rejects, and that a run did not begin or none has succeeded for too long. */
export function alarmResources(site: Site, schedule: ScheduleDeclaration | undefined): Resources {
  return {
    ...failureAlarms(site),
    ...rejectsAlarm(site),
    ...(schedule === undefined ? {} : scheduleAlarms(site, schedule)),
  };
}

/**
 * One for each way in which a run ends that is not success. One alarm over the sum of the three costs as much, since CloudWatch
 * counts what an alarm looks at, and would not say which it was. https://aws.amazon.com/cloudwatch/pricing/
 */
function failureAlarms(site: Site): Resources {
  const ended = (name: string, description: string, what: string) =>
    alarm(site, name, description, {
      ...executions(what),
      Statistic: 'Sum',
      Period: FIVE_MINUTES,
      ...above(0),
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  return {
    FailureAlarm: ended('failure', 'a run failed', 'ExecutionsFailed'),
    StopAlarm: ended('stop', 'a run was stopped', 'ExecutionsAborted'),
    TimeoutAlarm: ended('timeout', 'a run took too long', 'ExecutionsTimedOut'),
  };
}

function rejectsAlarm(site: Site): Resources {
  return {
    RejectsAlarm: alarm(site, 'rejects', 'rows were rejected: sluice rejects shows them', {
      ...metric(METRICS_NAMESPACE, 'Rejected' satisfies MetricName, {
        Name: PIPELINE_DIMENSION,
        Value: site.pipeline,
      }),
      Statistic: 'Sum',
      Period: FIVE_MINUTES,
      ...above(0),
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    }),
  };
}

/** A stream keeps changes for 24 hours: somebody is told long before. */
const OLD_MS = 3600 * 1000;

/** Of functions that changes are handed to, by the ends of their names: they fail, or are behind. */
export function changesAlarms(site: Site, functions: readonly string[]): Resources {
  const each = functions.map((name, index) => {
    const dimension = { Name: 'FunctionName', Value: nameOf(site, name) };
    const period = { Period: FIVE_MINUTES, EvaluationPeriods: 1, TreatMissingData: 'notBreaching' };
    return {
      [`FailureAlarm${index + 1}`]: alarm(site, `${name}-failure`, `${name} failed`, {
        ...metric('AWS/Lambda', 'Errors', dimension),
        Statistic: 'Sum',
        ...above(0),
        ...period,
      }),
      [`AgeAlarm${index + 1}`]: alarm(site, `${name}-age`, `${name} is an hour behind its stream`, {
        ...metric('AWS/Lambda', 'IteratorAge', dimension),
        Statistic: 'Maximum',
        ...above(OLD_MS),
        ...period,
      }),
    };
  });
  return Object.assign({}, rejectsAlarm(site), ...each);
}

/** A gap between firings that is longer than what an alarm can look back has none. */
function scheduleAlarms(site: Site, schedule: ScheduleDeclaration): Resources {
  const aside = {
    ScheduleAsideAlarm: alarm(site, 'schedule-aside', 'a firing could not be delivered', {
      ...metric('AWS/SQS', 'ApproximateNumberOfMessagesVisible', {
        Name: 'QueueName',
        Value: asideName(site),
      }),
      Statistic: 'Maximum',
      Period: FIVE_MINUTES,
      ...above(0),
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    }),
  };
  const gap = longestGapSeconds(schedule);
  if (gap === undefined) return aside;
  const missed = hoursIn(gap) + 1;
  const old = 2 * hoursIn(gap) + 1;
  return {
    ...aside,
    ...(missed * HOUR > LONGEST_RANGE
      ? {}
      : { MissedAlarm: never(site, 'missed', 'no run began when one was due', 'ExecutionsStarted', missed) }),
    ...(old * HOUR > LONGEST_RANGE
      ? {}
      : { AgeAlarm: never(site, 'age', 'no run has succeeded for two firings', 'ExecutionsSucceeded', old) }),
  };
}

function hoursIn(seconds: number): number {
  return Math.ceil(seconds / HOUR);
}

/** Not once in so many hours. */
function never(
  site: Site,
  name: string,
  description: string,
  what: string,
  hours: number,
): Resources[string] {
  return alarm(site, name, description, {
    ...executions(what),
    Statistic: 'Sum',
    Period: HOUR,
    ComparisonOperator: 'LessThanThreshold',
    Threshold: 1,
    EvaluationPeriods: hours,
    DatapointsToAlarm: hours,
    TreatMissingData: 'breaching',
  });
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html */
function executions(what: string): Fields {
  return metric('AWS/States', what, { Name: 'StateMachineArn', Value: ref('Machine') });
}

function metric(Namespace: string, MetricName: string, dimension: Fields): Fields {
  return { Namespace, MetricName, Dimensions: [dimension] };
}

function above(Threshold: number): Fields {
  return { ComparisonOperator: 'GreaterThanThreshold', Threshold };
}

function alarm(site: Site, name: string, description: string, about: Fields): Resources[string] {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: nameOf(site, name),
      AlarmDescription: `${site.pipeline}: ${description}`,
      ...about,
      AlarmActions: [topicTarget(site)],
      Tags: tagsOf(site),
    },
  };
}
