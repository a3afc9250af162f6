import { type AwsFailures, awsFailures, failedForNow, throttled } from '../aws-failures.js';

/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html#API_PutRecordBatch_Errors */
export const failures: AwsFailures = {
  ...awsFailures,
  ServiceUnavailableException: throttled,
  ServiceUnavailable: throttled,
  InternalFailure: failedForNow,
  ResourceNotFoundException: {
    code: 'queue_missing',
    retry: 'never',
    hint: 'check the name of the delivery stream, the region and the account',
  },
  AccessDeniedException: {
    code: 'access_denied',
    retry: 'never',
    quote: true,
    hint: 'sluice plan lists the permissions that the pipeline needs',
  },
  InvalidArgumentException: { code: 'write_refused', retry: 'never' },
};
