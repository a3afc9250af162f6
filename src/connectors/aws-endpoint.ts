import { SluiceError } from '../errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Services that Sluice calls, by the name in their host, with the suffix of their own endpoint variable. */
const variables = {
  cloudformation: 'CLOUDFORMATION',
  dynamodb: 'DYNAMODB',
  firehose: 'FIREHOSE',
  iam: 'IAM',
  kms: 'KMS',
  lambda: 'LAMBDA',
  rds: 'RDS',
  s3: 'S3',
  secretsmanager: 'SECRETS_MANAGER',
  sqs: 'SQS',
  states: 'SFN',
  'streams.dynamodb': 'DYNAMODB_STREAMS',
  sts: 'STS',
} as const;

export type AwsService = keyof typeof variables;

/** Of names of regions: `eu-west-1`, `us-gov-east-1`. */
export const regionForm = /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/;

/** Where a service is, and for which region its requests are signed. */
export interface AwsPlace {
  /** Scheme, host and port, without a trailing slash. */
  readonly endpoint: string;
  readonly region: string;
  /** The endpoint was named by the declaration or the environment: an emulator, a proxy, a VPC endpoint. */
  readonly declared: boolean;
}

/** Emulators do not look at the region, but a signature needs one. */
const REGION_OF_A_DECLARED_ENDPOINT = 'us-east-1';

/**
 * Endpoint and region of a service: the declaration's, else `AWS_ENDPOINT_URL_<SERVICE>`, else
 * `AWS_ENDPOINT_URL`, else AWS itself. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true` switches the variables off.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function awsPlace(
  service: AwsService,
  declared: { readonly endpoint?: string | undefined; readonly region?: string | undefined },
  env: Environment,
): AwsPlace {
  const named = declared.endpoint ?? endpointFrom(service, env);
  const region =
    awsRegion(declared.region, env) ?? (named === undefined ? undefined : REGION_OF_A_DECLARED_ENDPOINT);
  if (region === undefined) {
    throw new SluiceError('declaration_invalid', `no AWS region for ${service}`, {
      hint: 'give the connection a region, as in region: eu-west-1, or set AWS_REGION',
    });
  }
  if (named !== undefined) return { endpoint: checked(named), region, declared: true };
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return { endpoint: `https://${service}.${region}.${suffix}`, region, declared: false };
}

/** The region by declaration or environment; undefined where neither names one. */
export function awsRegion(declared: string | undefined, env: Environment): string | undefined {
  return declared ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || undefined);
}

/** The first part of every ARN in a region: `aws`, `aws-cn`, `aws-us-gov`. */
export function awsPartition(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

function endpointFrom(service: AwsService, env: Environment): string | undefined {
  if (env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return undefined;
  return env[`AWS_ENDPOINT_URL_${variables[service]}`] || env['AWS_ENDPOINT_URL'] || undefined;
}

function checked(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return endpoint.replace(/\/+$/, '');
  throw new SluiceError('declaration_invalid', 'an AWS endpoint must be an http or https URL', {
    hint: 'as in endpoint: http://127.0.0.1:8000',
  });
}
