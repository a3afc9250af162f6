import type { Finding } from '../connector.js';
import type { BucketSight } from '../s3-service.js';
import type { QueueFacts } from './facts.js';

/** Below this a message is likely to come again while its row is still being written. */
const SHORT_VISIBILITY_SECONDS = 30;
/** Below this a weekend's wait can lose rows. */
const SHORT_RETENTION_SECONDS = 86_400;
/** Below this a receiver that is killed once or twice has its messages in flight put aside. */
const FEW_RECEIVES = 3;
/** The largest item of DynamoDB. */
const LARGEST_ITEM_BYTES = 400 * 1024;

export interface FindingContext {
  readonly role: string | undefined;
  /** A redrive queue is declared. */
  readonly hasRedrive: boolean;
  /** Rows too large for a message go through S3. */
  readonly hasObjects: boolean;
}

/** What a person should know of the queue before anything is sent. */
export function queueFindings(queue: QueueFacts, context: FindingContext): Finding[] {
  return [
    ...redriveFindings(queue, context),
    ...timeFindings(queue),
    ...sizeFindings(queue, context),
    ...accountFindings(queue, context),
  ];
}

function redriveFindings({ policy }: QueueFacts, { hasRedrive }: FindingContext): Finding[] {
  if (policy === undefined) {
    if (hasRedrive) return [];
    const hint =
      'give the queue a redrive policy, or name a queue in `redrive`: until then such a message comes again and again until its retention ends, and then it is lost';
    return [warning('the queue has no redrive queue for messages that cannot be written', hint)];
  }
  if (policy.maxReceives >= FEW_RECEIVES) return [];
  const message = `the redrive policy gives a message up after ${policy.maxReceives} receives`;
  const hint =
    'a receiver that is killed while it writes uses up one; maxReceiveCount: 5 or more leaves room';
  return [warning(message, hint)];
}

function timeFindings({ visibilitySeconds, retentionSeconds }: QueueFacts): Finding[] {
  const findings: Finding[] = [];
  if (visibilitySeconds < SHORT_VISIBILITY_SECONDS) {
    const message = `a message that was received comes again after ${visibilitySeconds} s`;
    const hint = `set its visibility timeout to ${SHORT_VISIBILITY_SECONDS} s or more: each delivery counts towards the redrive policy`;
    findings.push(warning(message, hint));
  }
  if (retentionSeconds < SHORT_RETENTION_SECONDS) {
    const message = `the queue loses messages that nobody received within ${retentionSeconds} s`;
    findings.push(warning(message, 'set its retention to some days: 1209600 s, 14 days, is the most'));
  }
  return findings;
}

function sizeFindings({ maxMessageBytes, isFifo }: QueueFacts, { hasObjects }: FindingContext): Finding[] {
  const findings: Finding[] = [];
  if (maxMessageBytes < LARGEST_ITEM_BYTES && !hasObjects) {
    const message = `rows whose message is larger than ${maxMessageBytes} bytes are rejects`;
    const hint =
      "set the queue's maximum message size to 1048576, or declare `large: { bucket: NAME }`: they go through S3 then";
    findings.push({ level: 'note', code: 'note', message, hint });
  }
  if (isFifo) {
    const message = 'a FIFO queue: messages of one key are delivered one after the other';
    findings.push({ level: 'note', code: 'note', message });
  }
  return findings;
}

function accountFindings({ account, kmsKey }: QueueFacts, { role }: FindingContext): Finding[] {
  const findings: Finding[] = [];
  const own = role?.split(':')[4];
  if (own !== undefined && own !== account) {
    const message = `the queue belongs to account ${account}, the role to ${own}`;
    const hint = "the queue's own policy must name the role and allow the actions that the plan lists";
    findings.push({ level: 'note', code: 'note', message, hint });
  }
  if (kmsKey?.endsWith('alias/aws/sqs') && own !== undefined && own !== account) {
    const message = "the queue is encrypted with AWS's own key, which other accounts cannot use";
    const hint =
      'give it a key of your own, whose policy allows the role, or the encryption of SQS (SSE-SQS)';
    findings.push({ level: 'refuse', code: 'access_denied', message, hint });
  } else if (kmsKey !== undefined && !kmsKey.endsWith('alias/aws/sqs')) {
    const message = `the queue is encrypted with a KMS key: its policy must allow the caller too`;
    findings.push({ level: 'note', code: 'note', message });
  }
  return findings;
}

/** Of the bucket for rows too large for a message. */
export function bucketFindings(bucket: string, sight: BucketSight): Finding[] {
  const path = 'large.bucket';
  if (sight === 'there') return [];
  if (sight === 'unseen') {
    const message = `whether the bucket ${bucket} is there may not be seen from here`;
    const hint =
      'allow s3:ListBucket on it: without the bucket a run stops at the first row that is too large';
    return [{ ...warning(message, hint), path }];
  }
  const message =
    sight === 'missing'
      ? `the bucket ${bucket} does not exist`
      : `the bucket ${bucket} is in another region than the one that is asked`;
  const hint = 'check `large.bucket`, `large.region` and the account';
  return [{ level: 'refuse', code: 'bucket_missing', message, hint, path }];
}

function warning(message: string, hint: string): Finding {
  return { level: 'warn', code: 'note', message, hint };
}
