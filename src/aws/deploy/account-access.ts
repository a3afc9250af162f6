import type { CallContext } from '../../connectors/aws-calls.js';
import { type AwsCredentialsProvider, awsCredentials } from '../../connectors/aws-credentials.js';
import { awsPlace } from '../../connectors/aws-endpoint.js';
import { awsFailures, callFailure } from '../../connectors/aws-failures.js';
import { S3Service } from '../../connectors/s3-service.js';
import { signedCall } from '../../connectors/signed-call.js';
import { SluiceError } from '../../errors.js';
import { CloudFormation } from './cloud-formation.js';

/** Clients with credentials that have been seen to be of this account. */
export interface AccountAccess {
  readonly account: string;
  readonly region: string;
  readonly cloudFormation: CloudFormation;
  readonly s3: S3Service;
  /** Set where S3 is an emulator or a private endpoint: buckets are paths below it. */
  readonly s3Endpoint?: string;
  close(): Promise<void>;
}

export interface AccessOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly context: CallContext;
  /** By account: a profile of the AWS files … */
  readonly profiles: ReadonlyMap<string, string>;
  /** … or the ARN of a role to assume. Without either the credentials are those of the environment. */
  readonly roles: ReadonlyMap<string, string>;
}

/** Throws `account_wrong` where the credentials are of another account, before anything is done with them. */
export async function openAccess(
  { account, region }: { readonly account: string; readonly region: string },
  options: AccessOptions,
): Promise<AccountAccess> {
  const { context } = options;
  const profile = options.profiles.get(account);
  const env = profile === undefined ? options.env : { ...options.env, AWS_PROFILE: profile };
  const role = options.roles.get(account);
  const credentials = awsCredentials({ region, env, role, session: 'deploy' });
  await checkAccount(account, region, credentials, env, context);
  const cloudFormation = new CloudFormation({
    place: awsPlace('cloudformation', { region }, env),
    credentials,
    context,
  });
  const place = awsPlace('s3', { region }, env);
  const s3 = new S3Service({ place, credentials, context, failures: awsFailures });
  return {
    account,
    region,
    cloudFormation,
    s3,
    ...(place.declared ? { s3Endpoint: place.endpoint } : {}),
    close: async () => {
      await Promise.all([cloudFormation.close(), s3.close()]);
    },
  };
}

async function checkAccount(
  account: string,
  region: string,
  credentials: AwsCredentialsProvider,
  env: AccessOptions['env'],
  context: CallContext,
): Promise<void> {
  const found = await callerAccount(region, credentials, env, context);
  if (found === account) return;
  throw new SluiceError('account_wrong', `the credentials are of account ${found}, not of ${account}`, {
    hint: `--profile ${account}=NAME names a profile for it, --assume ${account}=ARN a role`,
  });
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: needs no permission. */
export async function callerAccount(
  region: string,
  credentials: AwsCredentialsProvider,
  env: AccessOptions['env'],
  context: CallContext,
): Promise<string> {
  const call = { service: 'STS', action: 'GetCallerIdentity', failures: awsFailures };
  const place = awsPlace('sts', { region }, env);
  const answer = await context.retry(async () => {
    try {
      const request = {
        service: 'sts',
        contentType: 'application/x-www-form-urlencoded',
        body: 'Action=GetCallerIdentity&Version=2011-06-15',
      };
      return await signedCall(request, place, await credentials(), context.signal);
    } catch (error) {
      context.signal.throwIfAborted();
      throw callFailure(call, error);
    }
  });
  const [, account] = /<Account>(\d{12})<\/Account>/.exec(answer) ?? [];
  if (account !== undefined) return account;
  throw new SluiceError('response_invalid', 'STS did not say whose credentials these are');
}
