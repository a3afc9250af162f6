import type { ScheduleDeclaration } from '../../declare/declaration.js';
import { grant, roleResource, serviceTrust } from '../template/role.js';
import { arnOf, type Resources, ref } from '../template/template.js';
import { machineArn } from './machine.js';
import { asideQueueResources } from './queue.js';
import { arn, nameOf, roleName, type Site, tagsOf } from './site.js';

const DAY_SECONDS = 86_400;
/** A firing that could not be delivered for so long is set aside: the next one covers what it would have. */
const MAX_ATTEMPTS = 185;

/** `cron(0 6 * * ? *)`, as EventBridge Scheduler writes it. */
function scheduleExpression(schedule: ScheduleDeclaration): string {
  if ('cron' in schedule) return `cron(${schedule.cron})`;
  return 'rate' in schedule ? `rate(${schedule.rate})` : `at(${schedule.at})`;
}

/**
 * The pipeline's schedule, in a group of its own: what Scheduler says of itself when it assumes the role is the group.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
 */
export function scheduleResources(site: Site, schedule: ScheduleDeclaration): Resources {
  const group = nameOf(site);
  return {
    ScheduleGroup: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: group, Tags: tagsOf(site) } },
    Schedule: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: nameOf(site),
        GroupName: ref('ScheduleGroup'),
        Description: `starts ${site.pipeline}`,
        ScheduleExpression: scheduleExpression(schedule),
        ScheduleExpressionTimezone: schedule.zone,
        FlexibleTimeWindow: { Mode: 'OFF' },
        State: 'ENABLED',
        Target: {
          Arn: ref('Machine'),
          RoleArn: arnOf('ScheduleRole'),
          Input: JSON.stringify({ firing: '<aws.scheduler.scheduled-time>' }),
          RetryPolicy: { MaximumEventAgeInSeconds: DAY_SECONDS, MaximumRetryAttempts: MAX_ATTEMPTS },
          DeadLetterConfig: { Arn: arnOf('ScheduleAside') },
        },
      },
    },
    ScheduleRole: roleResource({
      name: roleName(site, 'schedule'),
      description: `the schedule of ${site.pipeline}`,
      trust: serviceTrust(
        'scheduler.amazonaws.com',
        site.account,
        arn(site, 'scheduler', `schedule-group/${group}`),
      ),
      grants: [
        ...grant('states:StartExecution', machineArn(site), 'starts a run'),
        ...grant('sqs:SendMessage', asideArn(site), 'sets aside firings that could not be delivered'),
      ],
      boundary: site.deploy.permissionsBoundary,
    }),
    ...asideQueueResources(site, 'ScheduleAside', {
      name: asideName(site),
      holds: 'times of firings, no data',
    }),
  };
}

export function asideName(site: Site): string {
  return nameOf(site, 'schedule-aside');
}

function asideArn(site: Site): string {
  return arn(site, 'sqs', asideName(site));
}
