import { statusOf } from '../../aws-failures.js';
import type { Finding } from '../../connector.js';
import type { BucketSight, S3Service } from '../../s3-service.js';
import type { StoreUse } from '../../store.js';

/** What S3 says of a bucket. Absent is what the caller may not see, or what the service does not know. */
export interface BucketFacts {
  readonly sight: BucketSight;
  /** Where it is. */
  readonly region?: string;
  readonly isVersioned?: boolean;
  readonly isPublic?: boolean;
  /** The KMS key of its own that new objects are encrypted with: ARN or id; '' where AWS's own is. */
  readonly kmsKey?: string;
}

/** A reader is told nothing of versions and policies, and need not be allowed to ask. */
export async function bucketFacts(s3: S3Service, bucket: string, use: StoreUse): Promise<BucketFacts> {
  const look = await s3.look(bucket);
  if (look.sight !== 'there') return look;
  const { sdk, client } = await s3.open();
  const input = { Bucket: bucket };
  const ask = <Answer>(action: string, send: (abortSignal: AbortSignal) => Promise<Answer>) =>
    s3.calls.patiently(action, (abortSignal) => unlessUnseen(send(abortSignal)));
  const askFor =
    (uses: readonly StoreUse[]): typeof ask =>
    async (action, send) =>
      uses.includes(use) ? await ask(action, send) : undefined;
  const [versioning, policy, encryption] = await Promise.all([
    askFor(['write', 'publish'])('GetBucketVersioning', (abortSignal) =>
      client.send(new sdk.GetBucketVersioningCommand(input), { abortSignal }),
    ),
    askFor(['write', 'add', 'publish'])('GetBucketPolicyStatus', (abortSignal) =>
      client.send(new sdk.GetBucketPolicyStatusCommand(input), { abortSignal }),
    ),
    ask('GetBucketEncryption', (abortSignal) =>
      client.send(new sdk.GetBucketEncryptionCommand(input), { abortSignal }),
    ),
  ]);
  const isPublic = policy?.PolicyStatus?.IsPublic;
  const rule = encryption?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  return {
    ...look,
    ...(versioning === undefined ? {} : { isVersioned: versioning.Status === 'Enabled' }),
    ...(isPublic === undefined ? {} : { isPublic }),
    ...(rule?.SSEAlgorithm?.startsWith('aws:kms') ? { kmsKey: rule.KMSMasterKeyID ?? '' } : {}),
  };
}

/** Refused, not configured, or not known to an emulator: then there is nothing to say. */
async function unlessUnseen<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    const status = statusOf(error) ?? 0;
    if ((status >= 400 && status < 500 && status !== 429) || status === 501) return undefined;
    throw error;
  }
}

export function bucketFindings(bucket: string, facts: BucketFacts): Finding[] {
  const { sight, region } = facts;
  if (sight === 'missing')
    return [refusal(`the bucket ${bucket} does not exist`, 'check `bucket` and the account')];
  if (sight === 'elsewhere') {
    const where = region === undefined ? 'another region' : region;
    const hint = region === undefined ? 'check `region`' : `say region: ${region} on the connection`;
    return [refusal(`the bucket ${bucket} is in ${where}`, hint)];
  }
  if (sight === 'unseen') {
    const message = `whether the bucket ${bucket} is there may not be seen from here`;
    return [{ level: 'warn', code: 'note', message, hint: 'allow s3:ListBucket on it' }];
  }
  return writeFindings(bucket, facts);
}

function writeFindings(bucket: string, { isVersioned, isPublic }: BucketFacts): Finding[] {
  const findings: Finding[] = [];
  if (isPublic === true) {
    const message = `the policy of the bucket ${bucket} makes it public: everybody could read what is written`;
    const hint = 'block public access, or write into another bucket';
    findings.push({ level: 'warn', code: 'note', message, hint });
  }
  if (isVersioned === true) {
    const message = `the bucket ${bucket} keeps versions: exports that are removed stay there, and cost`;
    const hint = 'a lifecycle rule with NoncurrentVersionExpiration removes them';
    findings.push({ level: 'note', code: 'note', message, hint });
  }
  return findings;
}

function refusal(message: string, hint: string): Finding {
  return { level: 'refuse', code: 'bucket_missing', message, hint, path: 'bucket' };
}
