import { grant, roleResource, serviceTrust } from '../template/role.js';
import { arnOf, type Resources, ref } from '../template/template.js';
import { metadataOf } from '../template/waivers.js';
import { arn, nameOf, roleName, type Site, tagsOf } from './site.js';

/** S3 tells of an object within seconds as a rule; what lies there for longer is looked for by this. */
const EVERY = 'rate(1 hour)';
const HOUR_SECONDS = 3600;

/** All sweeps of the pipeline: what Scheduler says of itself when it assumes a role is the group. */
export function sweepGroup(site: Site): Resources {
  return {
    SweepGroup: {
      Type: 'AWS::Scheduler::ScheduleGroup',
      Properties: { Name: groupName(site), Tags: tagsOf(site) },
    },
  };
}

function groupName(site: Site): string {
  return nameOf(site, 'sweeps');
}

/** Has the function of a step load what no message tells of any more. A sweep that is missed is done by the next. */
export function sweepSchedule(
  site: Site,
  logical: string,
  {
    step,
    load,
  }: { readonly step: string; readonly load: { readonly logical: string; readonly arn: string } },
): Resources {
  return {
    [logical]: {
      Type: 'AWS::Scheduler::Schedule',
      ...metadataOf({
        audit: { 'schedule-failures': 'a sweep that is missed is done by the next, an hour later' },
      }),
      Properties: {
        Name: nameOf(site, 'sweep', step),
        GroupName: ref('SweepGroup'),
        Description: `${site.pipeline}: loads what is left of ${step}`,
        ScheduleExpression: EVERY,
        FlexibleTimeWindow: { Mode: 'OFF' },
        State: 'ENABLED',
        Target: {
          Arn: arnOf(`${load.logical}Function`),
          RoleArn: arnOf(`${logical}Role`),
          Input: JSON.stringify({ do: 'sweep' }),
          RetryPolicy: { MaximumEventAgeInSeconds: HOUR_SECONDS, MaximumRetryAttempts: 2 },
        },
      },
    },
    [`${logical}Role`]: roleResource({
      name: roleName(site, `sweep-${step}`),
      description: `${site.pipeline}: has what is left of ${step} loaded`,
      trust: serviceTrust(
        'scheduler.amazonaws.com',
        site.account,
        arn(site, 'scheduler', `schedule-group/${groupName(site)}`),
      ),
      grants: grant('lambda:InvokeFunction', load.arn, 'has what is left loaded'),
      boundary: site.deploy.permissionsBoundary,
    }),
  };
}
