import type { Grant } from '../policy/holder.js';
import { grant, roleResources } from '../template/role.js';
import { arnOf, type Fields, given, type Resources, ref } from '../template/template.js';
import { metadataOf } from '../template/waivers.js';
import { arn, assetsBucket, nameOf, networkOf, roleName, type Site, stateUrl, tagsOf } from './site.js';
import { stateGrants } from './state-store.js';

/** The code of a function: a folder named by its content, which is zipped into the assets bucket. */
export interface CodeAsset {
  /** Hex digits of what is in it. */
  readonly hash: string;
  /** `index.handler`. */
  readonly handler: string;
}

export interface FunctionRequest {
  /** What the logical names begin with: `StepOrdersOut`. */
  readonly logical: string;
  /** The end of its name: `run`, `step-orders-out`. */
  readonly name: string;
  readonly description: string;
  readonly code: CodeAsset;
  readonly grants: readonly Grant[];
  readonly variables?: Readonly<Record<string, string>>;
  /** It talks to a database: it runs in the network that its step (`SLUICE_STEP`) has. */
  readonly inVpc: boolean;
  /** It removes or rewrites what the journal holds. Default: it does. */
  readonly forgets?: boolean;
  readonly memory?: number;
  /** MiB below /tmp. Default: 512, which cost nothing. */
  readonly disk?: number;
  /** Default: 15 minutes, all that Lambda allows. */
  readonly timeoutSeconds?: number;
  /** Who calls it, bounds how many run at once and sees to what fails. Default: Step Functions. */
  readonly caller?: string;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html */
const RUNTIME = 'nodejs24.x';
/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const LONGEST_SECONDS = 900;

export function codeOf(code: ReadonlyMap<string, CodeAsset>, placeholder: string): CodeAsset {
  const asset = code.get(placeholder);
  if (!asset) throw new Error(`no code for ${placeholder}`);
  return asset;
}

export function functionName(site: Site, name: string): string {
  return nameOf(site, name);
}

export function functionArn(site: Site, name: string): string {
  return arn(site, 'lambda', `function:${functionName(site, name)}`);
}

/** A function with a role of its own, exactly what it needs, and a log group that does not grow for ever. */
export function functionResources(site: Site, request: FunctionRequest): Resources {
  const { logical, name, description } = request;
  const group = logGroupName(site, name);
  return {
    [`${logical}Function`]: {
      Type: 'AWS::Lambda::Function',
      ...metadataOf(waivers(request, vpcOf(site, request) !== undefined)),
      Properties: functionProperties(site, request),
    },
    ...roleResources(`${logical}Role`, {
      name: roleName(site, name),
      description,
      trust: { Principal: { Service: 'lambda.amazonaws.com' } },
      grants: [...ownGrants(site, request), ...request.grants],
      boundary: site.deploy.permissionsBoundary,
    }),
    [`${logical}Logs`]: logGroup(site, group),
  };
}

function functionProperties(site: Site, request: FunctionRequest): Fields {
  const { logical, name, description, code, memory, disk, timeoutSeconds } = request;
  return given({
    FunctionName: functionName(site, name),
    Description: description,
    Runtime: RUNTIME,
    Architectures: ['arm64'],
    Handler: code.handler,
    Code: { S3Bucket: assetsBucket(site), S3Key: `${code.hash}.zip` },
    Role: arnOf(`${logical}Role`),
    Timeout: timeoutSeconds ?? LONGEST_SECONDS,
    MemorySize: memory ?? site.deploy.memory,
    EphemeralStorage: disk === undefined ? undefined : { Size: disk },
    Environment: {
      Variables: {
        SLUICE_STATE: stateUrl(site),
        ...request.variables,
      },
    },
    LoggingConfig: { LogFormat: 'JSON', LogGroup: ref(`${logical}Logs`) },
    TracingConfig: { Mode: 'Active' },
    VpcConfig: vpcOf(site, request),
    Tags: tagsOf(site),
  });
}

function vpcOf(site: Site, { inVpc, variables }: FunctionRequest): Fields | undefined {
  const network = inVpc ? networkOf(site, variables?.['SLUICE_STEP']) : undefined;
  return network && { SubnetIds: network.subnets, SecurityGroupIds: network.securityGroups };
}

function logGroupName(site: Site, name: string): string {
  return `/aws/lambda/${functionName(site, name)}`;
}

export function logGroup(site: Site, name: string): Resources[string] {
  return {
    Type: 'AWS::Logs::LogGroup',
    ...metadataOf({
      checkov: {
        CKV_AWS_158: 'it holds no rows and no secrets; encrypted with the key that CloudWatch owns',
      },
    }),
    Properties: { LogGroupName: name, RetentionInDays: site.deploy.logRetentionDays, Tags: tagsOf(site) },
  };
}

/** What every function needs besides its work. */
function ownGrants(site: Site, request: FunctionRequest): readonly Grant[] {
  const logs = arn(site, 'logs', `log-group:${logGroupName(site, request.name)}:*`);
  return [
    ...stateGrants(site, { forgets: request.forgets ?? true }),
    ...grant(['logs:CreateLogStream', 'logs:PutLogEvents'], logs, 'its own log'),
    ...tracingGrants,
    ...(vpcOf(site, request) === undefined ? [] : networkGrants),
  ];
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html */
const tracingGrants = grant(
  ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
  '*',
  'traces; AWS knows no resource for it',
);

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions */
const networkGrants = grant(
  [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ],
  '*',
  'Lambda makes network interfaces in the subnets; it wants it for all resources',
);

function waivers(request: FunctionRequest, isInVpc: boolean) {
  const { timeoutSeconds = LONGEST_SECONDS, caller } = request;
  const long = 'work that takes longer is handed over to another call before the time ends';
  return {
    ...(timeoutSeconds < LONGEST_SECONDS ? {} : { audit: { 'function-timeout': long } }),
    nag: {
      'Serverless-LambdaDLQ': `it is called by ${caller ?? 'Step Functions'}, which waits for the answer`,
    },
    checkov: {
      CKV_AWS_115: `${caller ?? 'Step Functions'} bounds how many run at once; reserved concurrency would be taken from others`,
      CKV_AWS_116: `it is called by ${caller ?? 'Step Functions'}, which waits for the answer and handles the failure`,
      ...(isInVpc
        ? {}
        : { CKV_AWS_117: 'it talks to services of AWS only, or the databases are reached from outside' }),
      CKV_AWS_173: 'its variables hold names, no secrets; encrypted with the key of Lambda',
    },
  };
}
