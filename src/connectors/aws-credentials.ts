import { SluiceError } from '../errors.js';
import { awsPlace } from './aws-endpoint.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Has the shape of the SDK's AwsCredentialIdentity, so that SDK clients take it as it is. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they end; absent for lasting ones. */
  readonly expiration?: Date;
}

/**
 * Gives the current credentials; SDK clients take it as their `credentials`. They are loaded at the first call,
 * kept, and loaded again shortly before they expire; calls at the same time share one load.
 * Throws `credentials_missing`, or `access_denied` when the role may not be assumed.
 */
export interface AwsCredentialsProvider {
  (): Promise<AwsCredentials>;
  /** Forgets `used` (unless they have been replaced already), for when the service calls them expired. */
  renew(used: AwsCredentials): void;
}

export interface AwsCredentialsOptions {
  readonly region: string;
  /** ARN of a role to assume with the credentials that the environment has. */
  readonly role?: string | undefined;
  readonly env: Environment;
  /** Follows `sluice-` in the name of the role's session, for CloudTrail: the pipeline's name. */
  readonly session?: string;
}

/** New ones are fetched this long before the old ones end, as the SDK does. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, RoleSessionName */
const MAX_SESSION_NAME = 64;

/**
 * The SDK's default chain (environment, profiles and SSO, web identity, container, instance), then the role.
 * The SDK is loaded only when the plain environment variables are not enough.
 */
export function awsCredentials(options: AwsCredentialsOptions): AwsCredentialsProvider {
  let current: Promise<AwsCredentials> | undefined;
  let endsAt = Number.POSITIVE_INFINITY;
  let held: AwsCredentials | undefined;

  const load = async (): Promise<AwsCredentials> => {
    try {
      held = await loadCredentials(options);
      endsAt = held.expiration ? held.expiration.getTime() - RENEW_BEFORE_MS : Number.POSITIVE_INFINITY;
      return held;
    } catch (error) {
      current = undefined;
      throw error;
    }
  };
  const provide = async (): Promise<AwsCredentials> => {
    if (current === undefined || Date.now() >= endsAt) {
      endsAt = Number.POSITIVE_INFINITY;
      current = load();
    }
    return current;
  };
  const renew = (used: AwsCredentials): void => {
    if (held === used) current = undefined;
  };
  return Object.assign(provide, { renew });
}

async function loadCredentials(options: AwsCredentialsOptions): Promise<AwsCredentials> {
  const { role, env } = options;
  if (role === undefined) return fromEnvironment(env) ?? (await fromChain(options));
  const account = role.split(':')[4] ?? '';
  const profile = env[standIn.profile(account)];
  if (profile) return await fromChain({ ...options, env: { ...env, AWS_PROFILE: profile } });
  return await assume(env[standIn.role(account)] || role, options);
}

/**
 * Variables by which people work in an account with credentials of their own: a profile, or the ARN of another role, in place of
 * every role of that account. A role of a deployed pipeline may be assumed by its functions alone.
 */
export const standIn = {
  profile: (account: string) => `SLUICE_PROFILE_${account}`,
  role: (account: string) => `SLUICE_ASSUME_${account}`,
} as const;

/** Credentials in plain variables; undefined when a profile is named, since the SDK prefers that. */
function fromEnvironment(env: Environment): AwsCredentials | undefined {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey || env['AWS_PROFILE']) return undefined;
  const sessionToken = env['AWS_SESSION_TOKEN'];
  return sessionToken ? { accessKeyId, secretAccessKey, sessionToken } : { accessKeyId, secretAccessKey };
}

async function fromChain(options: AwsCredentialsOptions): Promise<AwsCredentials> {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  const profile = options.env['AWS_PROFILE'];
  try {
    return await fromNodeProviderChain({
      clientConfig: { region: options.region },
      ...(profile ? { profile } : {}),
    })();
  } catch (error) {
    throw new SluiceError('credentials_missing', 'no AWS credentials were found', {
      hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (after aws sso login), or run with a role',
      cause: error,
    });
  }
}

async function assume(role: string, options: AwsCredentialsOptions): Promise<AwsCredentials> {
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const masterCredentials = fromEnvironment(options.env) ?? (await fromChain(options));
  const place = awsPlace('sts', { region: options.region }, options.env);
  try {
    return await fromTemporaryCredentials({
      masterCredentials,
      params: { RoleArn: role, RoleSessionName: sessionName(options.session ?? 'copy') },
      clientConfig: { region: place.region, ...(place.declared ? { endpoint: place.endpoint } : {}) },
    })();
  } catch (error) {
    throw assumeFailure(role, error);
  }
}

function sessionName(label: string): string {
  return `sluice-${label.replace(/[^\w+=,.@-]/g, '-')}`.slice(0, MAX_SESSION_NAME);
}

/** Answers of STS after which asking again cannot help. */
const refusals = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'InvalidClientTokenId',
  'MalformedPolicyDocument',
  'RegionDisabledException',
  'SignatureDoesNotMatch',
  'ValidationError',
]);

function assumeFailure(role: string, error: unknown): SluiceError {
  const name = error instanceof Error ? error.name : '';
  if (refusals.has(name)) {
    return new SluiceError('access_denied', `the role ${role} could not be assumed (${name})`, {
      hint: `the role's trust policy must name the caller, and the caller needs sts:AssumeRole on the role; or ${standIn.profile(role.split(':')[4] ?? '')} names a profile to work with in its place`,
      cause: error,
    });
  }
  if (name === 'ExpiredTokenException' || name === 'ExpiredToken') {
    return new SluiceError('credentials_missing', 'the AWS credentials have expired', {
      hint: 'sign in again, for example with aws sso login',
      cause: error,
    });
  }
  return new SluiceError('unreachable', `STS did not give credentials for the role ${role}`, {
    retry: 'later',
    cause: error,
  });
}
