import { SluiceError } from '../../errors.js';
import { Calls } from '../aws-calls.js';
import type { AwsCredentialsProvider } from '../aws-credentials.js';
import { type AwsPlace, awsPartition, awsPlace } from '../aws-endpoint.js';
import type { Context, Finding } from '../connector.js';
import { type PlainCall, signedCall } from '../signed-call.js';
import { failures, isNamed } from './failures.js';
import type { RdsConnectionOptions } from './options.js';

export interface KeyAndRoleOptions {
  readonly options: RdsConnectionOptions;
  readonly region: string;
  readonly credentials: AwsCredentialsProvider;
  readonly context: Context;
}

/** Who exports: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.Setup.html */
const EXPORT_SERVICE = 'export.rds.amazonaws.com';

/** What of the KMS key and the role would let an export fail hours later, after its snapshot. */
export async function checkKeyAndRole(
  given: KeyAndRoleOptions,
  { kmsKey, role }: { readonly kmsKey: string; readonly role: string },
): Promise<readonly Finding[]> {
  const [key, trust] = await Promise.all([checkKey(given, kmsKey), checkRole(given, role)]);
  return [...key, ...trust];
}

async function checkKey(given: KeyAndRoleOptions, kmsKey: string): Promise<readonly Finding[]> {
  const refused = (message: string, hint: string): Finding[] => [
    { level: 'refuse', code: 'kms_key_refused', message, hint, path: 'to.kmsKey' },
  ];
  const place = placeOf('kms', given);
  const answer = await ask(given, 'KMS', 'DescribeKey', place, {
    service: 'kms',
    contentType: 'application/x-amz-json-1.1',
    body: JSON.stringify({ KeyId: kmsKey }),
    target: 'TrentService.DescribeKey',
  });
  if (answer.kind === 'missing') {
    return refused(`there is no key ${kmsKey}`, 'check the ARN: its region and its account');
  }
  if (answer.kind === 'denied') {
    return refused(
      'the caller may not kms:DescribeKey the key, which StartExportTask asks for',
      "allow kms:DescribeKey and kms:CreateGrant, by the key's policy too",
    );
  }
  const key = keyIn(answer.text);
  if (isOther(key.KeyState, 'Enabled')) {
    return refused(`the key is ${key.KeyState}`, 'enable it, or name another');
  }
  if (isOther(key.KeyUsage, 'ENCRYPT_DECRYPT')) {
    return refused(`the key is for ${key.KeyUsage}`, 'name a symmetric key for encryption');
  }
  if (isOther(key.KeySpec, 'SYMMETRIC_DEFAULT')) {
    return refused(`the key is of the kind ${key.KeySpec}`, 'name a symmetric key for encryption');
  }
  return [];
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html */
function keyIn(text: string): {
  readonly KeyState?: unknown;
  readonly KeyUsage?: unknown;
  readonly KeySpec?: unknown;
} {
  try {
    const { KeyMetadata = {} } = JSON.parse(text) as { readonly KeyMetadata?: object };
    return KeyMetadata;
  } catch {
    throw new SluiceError('response_invalid', 'KMS DescribeKey: the answer cannot be read', {
      retry: 'later',
    });
  }
}

/** What the service does not say is not held against the key. */
function isOther(told: unknown, wanted: string): boolean {
  return typeof told === 'string' && told !== wanted;
}

async function checkRole(given: KeyAndRoleOptions, role: string): Promise<readonly Finding[]> {
  const name = role.split('/').at(-1) ?? '';
  const place = placeOf('iam', given);
  const answer = await ask(given, 'IAM', 'GetRole', place, {
    service: 'iam',
    contentType: 'application/x-www-form-urlencoded',
    body: new URLSearchParams({ Action: 'GetRole', Version: '2010-05-08', RoleName: name }).toString(),
  });
  if (answer.kind === 'denied') {
    const message = 'whether the role can be used cannot be seen: the caller may not iam:GetRole it';
    return [{ level: 'warn', code: 'role_refused', message, path: 'to.role' }];
  }
  const refused = (message: string, hint: string): Finding[] => [
    { level: 'refuse', code: 'role_refused', message, hint, path: 'to.role' },
  ];
  if (answer.kind === 'missing') {
    return refused(`there is no role ${name}`, 'check the ARN; the role lies in the account of the database');
  }
  if (trusts(answer.text)) return [];
  return refused(
    `the role does not trust ${EXPORT_SERVICE}`,
    `its trust policy must allow sts:AssumeRole to the service ${EXPORT_SERVICE}`,
  );
}

/** IAM gives the policy as URL-encoded JSON within XML. What cannot be found is not said to be missing. */
function trusts(text: string): boolean {
  const policy = /<AssumeRolePolicyDocument>([^<]*)<\/AssumeRolePolicyDocument>/.exec(text)?.[1];
  if (policy === undefined || policy.trim() === '') return true;
  const plain = /%7B/i.test(policy) ? decodeURIComponent(policy) : policy;
  return plain.includes(EXPORT_SERVICE);
}

type Told =
  | { readonly kind: 'told'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'denied' };

async function ask(
  { credentials, context }: KeyAndRoleOptions,
  service: string,
  action: string,
  place: AwsPlace,
  call: PlainCall,
): Promise<Told> {
  const calls = new Calls({ service, failures, credentials, context });
  return await calls.patiently(action, async (signal): Promise<Told> => {
    try {
      return { kind: 'told', text: await signedCall(call, place, await credentials(), signal) };
    } catch (error) {
      if (isNamed(error, 'NotFoundException', 'NoSuchEntity', 'InvalidArnException'))
        return { kind: 'missing' };
      if (isNamed(error, 'AccessDenied', 'AccessDeniedException')) return { kind: 'denied' };
      throw error;
    }
  });
}

/**
 * An emulator that is declared for RDS serves these too; an endpoint of AWS's own (a VPC endpoint) does not.
 * IAM is one for all regions of a partition: https://docs.aws.amazon.com/general/latest/gr/iam-service.html
 */
function placeOf(service: 'kms' | 'iam', { options, region, context }: KeyAndRoleOptions): AwsPlace {
  const { endpoint } = options;
  const host = endpoint === undefined ? '' : new URL(endpoint).hostname;
  const own = endpoint === undefined || /\.amazonaws\.com(\.cn)?$/.test(host) ? {} : { endpoint };
  const place = awsPlace(service, { region, ...own }, context.env);
  if (service === 'kms' || place.declared) return place;
  return { ...place, ...globalIam[awsPartition(region)] };
}

const globalIam: Readonly<Record<string, Pick<AwsPlace, 'endpoint' | 'region'>>> = {
  aws: { endpoint: 'https://iam.amazonaws.com', region: 'us-east-1' },
  'aws-cn': { endpoint: 'https://iam.cn-north-1.amazonaws.com.cn', region: 'cn-north-1' },
  'aws-us-gov': { endpoint: 'https://iam.us-gov.amazonaws.com', region: 'us-gov-west-1' },
};
