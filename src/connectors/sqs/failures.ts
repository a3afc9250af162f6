import { SluiceError } from '../../errors.js';
import {
  type AwsFailure,
  type AwsFailures,
  awsFailures,
  failedForNow,
  entryFailure as failureOfEntry,
  throttled,
} from '../aws-failures.js';

const refused: AwsFailure = { code: 'write_refused', retry: 'never' };
const denied: AwsFailure = {
  code: 'access_denied',
  retry: 'never',
  quote: true,
  hint: 'sluice plan lists the permissions that the pipeline needs; a queue of another account must allow them in its policy too',
};
const encryption: AwsFailure = {
  code: 'access_denied',
  retry: 'never',
  quote: true,
  hint: "the caller needs kms:GenerateDataKey to send and kms:Decrypt to receive, by the key's policy too",
};
const queueMissing: AwsFailure = {
  code: 'queue_missing',
  retry: 'never',
  hint: 'check the name of the queue, the region and the account',
};

/**
 * What SQS says, and S3 of rows too large for a message, by the name of their error: of a whole call or of one entry of
 * a batch. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 */
export const failures: AwsFailures = {
  ...awsFailures,
  KmsThrottled: throttled,
  /** 120,000 messages are in flight, and no more can be received. */
  OverLimit: throttled,
  OperationAborted: failedForNow,
  QueueDoesNotExist: queueMissing,
  'AWS.SimpleQueueService.NonExistentQueue': queueMissing,
  QueueDeletedRecently: queueMissing,
  InvalidAddress: queueMissing,
  AccessDenied: denied,
  AccessDeniedException: denied,
  InvalidSecurity: denied,
  KmsAccessDenied: encryption,
  KmsDisabled: encryption,
  KmsNotFound: encryption,
  KmsInvalidState: encryption,
  KmsInvalidKeyUsage: encryption,
  KmsOptInRequired: encryption,
  NoSuchBucket: {
    code: 'bucket_missing',
    retry: 'never',
    hint: 'check `large.bucket`, its region and the account',
  },
  InvalidMessageContents: refused,
  InvalidParameterValue: refused,
  InvalidParameterValueException: refused,
  MissingParameter: refused,
  ReceiptHandleIsInvalid: refused,
  InvalidIdFormat: refused,
  MessageNotInflight: refused,
  BatchRequestTooLong: { code: 'item_too_large', retry: 'never' },
  UnsupportedOperation: { code: 'unsupported', retry: 'never' },
};

/** What became of one entry of a batch that the service did not carry out. */
export function entryFailure(
  action: string,
  entry: { readonly Code?: string | undefined; readonly SenderFault?: boolean | undefined },
): SluiceError {
  const otherwise = entry.SenderFault === true ? refused : failedForNow;
  return failureOfEntry({ service: 'SQS', action, failures }, entry.Code ?? '', otherwise);
}

/** An answer that cannot be what the service meant to send. */
export function tornAnswer(action: string, why: string): SluiceError {
  return new SluiceError('response_invalid', `SQS ${action}: ${why}`, { retry: 'later' });
}
