import type { Grant } from '../policy/holder.js';
import { grant, roleResources, serviceTrust } from '../template/role.js';
import { arnOf, type Resources } from '../template/template.js';
import { logGroup } from './function.js';
import { arn, nameOf, roleName, type Site, tagsOf } from './site.js';

export interface MachineRequest {
  /** As src/flow/asl draws it, with the placeholders of functions. */
  readonly definition: string;
  /** Placeholder → name of the function's resource, and its ARN. */
  readonly functions: ReadonlyMap<string, { readonly resource: string; readonly arn: string }>;
  /** Parts of copies run side by side in executions of their own. */
  readonly isDistributed: boolean;
  /** What its states do themselves: functions of the user's, calls of RDS. */
  readonly grants: readonly Grant[];
}

function machineName(site: Site): string {
  return nameOf(site);
}

export function machineArn(site: Site): string {
  return arn(site, 'states', `stateMachine:${machineName(site)}`);
}

/** Of all executions that somebody starts. */
export function executionArns(site: Site): string {
  return arn(site, 'states', `execution:${machineName(site)}:*`);
}

/** The state machine of the flow, its role and its log, which holds no data. */
export function machineResources(site: Site, request: MachineRequest): Resources {
  const { definition, functions } = request;
  const substitutions = [...functions].map(([placeholder, { resource }]) => [placeholder, arnOf(resource)]);
  return {
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: machineName(site),
        StateMachineType: 'STANDARD',
        DefinitionString: definition,
        DefinitionSubstitutions: Object.fromEntries(substitutions),
        RoleArn: arnOf('MachineRole'),
        LoggingConfiguration: {
          Level: 'ALL',
          IncludeExecutionData: false,
          Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: arnOf('MachineLogs') } }],
        },
        TracingConfiguration: { Enabled: true },
        Tags: tagsOf(site),
      },
    },
    ...roleResources('MachineRole', {
      name: roleName(site, 'machine'),
      description: `the state machine of ${site.pipeline}`,
      trust: serviceTrust('states.amazonaws.com', site.account, machineArn(site)),
      grants: [...machineGrants(site, request), ...request.grants],
      boundary: site.deploy.permissionsBoundary,
    }),
    MachineLogs: logGroup(site, `/aws/vendedlogs/states/${machineName(site)}`),
  };
}

function machineGrants(site: Site, { functions, isDistributed }: MachineRequest): readonly Grant[] {
  const invoked = [...functions.values()].flatMap((each) =>
    grant('lambda:InvokeFunction', each.arn, 'the steps of the flow'),
  );
  return [...invoked, ...logGrants, ...tracingGrants, ...(isDistributed ? mapGrants(site) : [])];
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy */
const logGrants = grant(
  [
    'logs:CreateLogDelivery',
    'logs:DeleteLogDelivery',
    'logs:DescribeLogGroups',
    'logs:DescribeResourcePolicies',
    'logs:GetLogDelivery',
    'logs:ListLogDeliveries',
    'logs:PutResourcePolicy',
    'logs:UpdateLogDelivery',
  ],
  '*',
  'its own log; AWS knows no resource for log deliveries',
);

/** https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html */
const tracingGrants = grant(
  ['xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
  '*',
  'traces; AWS knows no resource for it',
);

/**
 * https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html. Redriving is nobody's: a Map that failed is
 * caught, so that a redrive would begin behind it.
 */
function mapGrants(site: Site): readonly Grant[] {
  const reason = 'parts run side by side, each in an execution that the machine starts of itself';
  return [
    ...grant('states:StartExecution', machineArn(site), reason),
    ...grant(['states:DescribeExecution', 'states:StopExecution'], executionArns(site), reason).map(
      (each) => ({ ...each, wildcard: 'executions of this machine have names of their own' }),
    ),
  ];
}
