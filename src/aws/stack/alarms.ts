import type { ScheduleDeclaration } from '../../declare/declaration.js';
import { METRICS_NAMESPACE, type MetricName, PIPELINE_DIMENSION } from '../metrics.js';
import type { Resources } from '../template/template.js';
import { above, alarm, executionsMetric, metric } from './alarm.js';
import { scheduleAlarms } from './schedule-alarms.js';
import { nameOf, type Site } from './site.js';

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
    alarm(site, name, description, { ...executionsMetric(what), ...above(0, 'Sum') });
  return {
    FailureAlarm: ended('failure', 'a run failed', 'ExecutionsFailed'),
    StopAlarm: ended('stop', 'a run was stopped', 'ExecutionsAborted'),
    TimeoutAlarm: ended('timeout', 'a run took too long', 'ExecutionsTimedOut'),
  };
}

export function rejectsAlarm(site: Site): Resources {
  return {
    RejectsAlarm: alarm(site, 'rejects', 'rows were rejected: sluice rejects shows them', {
      ...metric(METRICS_NAMESPACE, 'Rejected' satisfies MetricName, {
        Name: PIPELINE_DIMENSION,
        Value: site.pipeline,
      }),
      ...above(0, 'Sum'),
    }),
  };
}

/** A stream keeps changes for 24 hours: somebody is told long before. */
const OLD_MS = 3600 * 1000;

/** Of functions that changes are handed to, by the ends of their names: they fail, or are behind. */
export function changesAlarms(site: Site, functions: readonly string[]): Resources {
  const each = functions.map((name, index) => {
    const dimension = { Name: 'FunctionName', Value: nameOf(site, name) };
    return {
      [`FailureAlarm${index + 1}`]: alarm(site, `${name}-failure`, `${name} failed`, {
        ...metric('AWS/Lambda', 'Errors', dimension),
        ...above(0, 'Sum'),
      }),
      [`AgeAlarm${index + 1}`]: alarm(site, `${name}-age`, `${name} is an hour behind its stream`, {
        ...metric('AWS/Lambda', 'IteratorAge', dimension),
        ...above(OLD_MS, 'Maximum'),
      }),
    };
  });
  return Object.assign({}, rejectsAlarm(site), ...each);
}
