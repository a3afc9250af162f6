import {
  type AwsFailure,
  type AwsFailures,
  awsFailures,
  failedForNow,
  throttled,
} from '../../aws-failures.js';

const bucketMissing: AwsFailure = {
  code: 'bucket_missing',
  retry: 'never',
  hint: 'check `bucket`, `region` and the account',
};
const elsewhere: AwsFailure = {
  code: 'bucket_missing',
  retry: 'never',
  quote: true,
  hint: 'the bucket is in another region: give the connection its `region`',
};
const denied: AwsFailure = {
  code: 'access_denied',
  retry: 'never',
  quote: true,
  hint: 'sluice plan lists the permissions that the pipeline needs; without s3:ListBucket S3 says so of objects that are not there too',
};
const encryption: AwsFailure = {
  code: 'access_denied',
  retry: 'never',
  quote: true,
  hint: "the caller needs kms:GenerateDataKey to write and kms:Decrypt to read, by the key's policy too",
};
const damaged: AwsFailure = { code: 'response_invalid', retry: 'later' };
const archived: AwsFailure = {
  code: 'unsupported',
  retry: 'never',
  hint: 'the object is in an archive class: restore it first',
};
const refused: AwsFailure = { code: 'unsupported', retry: 'never', quote: true };

/**
 * What S3 says, by the name of its error, of a whole call or of one object of DeleteObjects. What `409` and `412` mean is
 * known where the call is made. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export const failures: AwsFailures = {
  ...awsFailures,
  ServerSideEncryptionConfigurationNotFoundError: refused,
  OperationAborted: failedForNow,
  ConditionalRequestConflict: failedForNow,
  TooManyRequests: throttled,
  RequestLimitExceeded: throttled,
  NoSuchBucket: bucketMissing,
  PermanentRedirect: elsewhere,
  AuthorizationHeaderMalformed: elsewhere,
  IllegalLocationConstraintException: elsewhere,
  AccessDenied: denied,
  AccountProblem: denied,
  AllAccessDisabled: denied,
  'KMS.DisabledException': encryption,
  'KMS.NotFoundException': encryption,
  'KMS.KMSInvalidStateException': encryption,
  'KMS.InvalidKeyUsageException': encryption,
  BadDigest: damaged,
  InvalidDigest: damaged,
  XAmzContentSHA256Mismatch: damaged,
  XAmzContentChecksumMismatch: damaged,
  IncompleteBody: damaged,
  /** The bytes of the request did not come: the connection is closed by S3. */
  RequestTimeout: failedForNow,
  InvalidPart: damaged,
  InvalidObjectState: archived,
  EntityTooLarge: refused,
  KeyTooLongError: refused,
  InvalidRequest: refused,
  MethodNotAllowed: refused,
  NotImplemented: refused,
};
