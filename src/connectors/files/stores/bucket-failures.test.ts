import { describe, expect, it } from 'vitest';
import { callFailure, entryFailure, failedForNow } from '../../aws-failures.js';
import { failures } from './bucket-failures.js';

const call = { service: 'S3', action: 'PutObject', failures };

/** What the SDK throws for an answer with a status. */
function answered(name: string, httpStatusCode: number, message = 'in its own words'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

describe('what S3 says', () => {
  it.each([
    ['SlowDown', 503, 'throttled', 'slower'],
    ['TooManyRequests', 429, 'throttled', 'slower'],
    ['RequestLimitExceeded', 503, 'throttled', 'slower'],
    ['InternalError', 500, 'server_error', 'later'],
    ['ServiceUnavailable', 503, 'server_error', 'later'],
    ['OperationAborted', 409, 'server_error', 'later'],
    ['ConditionalRequestConflict', 409, 'server_error', 'later'],
    ['RequestTimeout', 400, 'server_error', 'later'],
    ['BadDigest', 400, 'response_invalid', 'later'],
    ['IncompleteBody', 400, 'response_invalid', 'later'],
    ['XAmzContentSHA256Mismatch', 400, 'response_invalid', 'later'],
    ['InvalidPart', 400, 'response_invalid', 'later'],
    ['NoSuchBucket', 404, 'bucket_missing', 'never'],
    ['PermanentRedirect', 301, 'bucket_missing', 'never'],
    ['AuthorizationHeaderMalformed', 400, 'bucket_missing', 'never'],
    ['IllegalLocationConstraintException', 400, 'bucket_missing', 'never'],
    ['AccessDenied', 403, 'access_denied', 'never'],
    ['AllAccessDisabled', 403, 'access_denied', 'never'],
    ['AccountProblem', 403, 'access_denied', 'never'],
    ['InvalidAccessKeyId', 403, 'access_denied', 'never'],
    ['SignatureDoesNotMatch', 403, 'access_denied', 'never'],
    ['KMS.DisabledException', 400, 'access_denied', 'never'],
    ['KMS.NotFoundException', 400, 'access_denied', 'never'],
    ['ExpiredToken', 400, 'credentials_missing', 'never'],
    ['InvalidObjectState', 403, 'unsupported', 'never'],
    ['EntityTooLarge', 400, 'unsupported', 'never'],
    ['KeyTooLongError', 400, 'unsupported', 'never'],
    ['InvalidRequest', 400, 'unsupported', 'never'],
    ['MethodNotAllowed', 405, 'unsupported', 'never'],
    ['NotImplemented', 501, 'unsupported', 'never'],
    ['SomethingNew', 500, 'server_error', 'later'],
    ['SomethingNew', 409, 'server_error', 'never'],
    ['toString', 400, 'server_error', 'never'],
  ])('%s with status %i is %s, to be tried again: %s', (name, status, code, retry) => {
    expect(callFailure(call, answered(name, status))).toMatchObject({ code, retry });
  });

  it.each([200, 404, 409])('is asked for again where the answer of status %i broke off', (status) => {
    const torn = Object.assign(answered('Error', status, 'aborted'), { code: 'ECONNRESET' });
    expect(callFailure(call, torn)).toMatchObject({ retry: 'later' });
  });

  it('is said with what to do, where somebody can do something', () => {
    const hints = [
      ['NoSuchBucket', 'bucket'],
      ['PermanentRedirect', 'region'],
      ['AuthorizationHeaderMalformed', 'region'],
      ['AccessDenied', 'sluice plan'],
      ['KMS.DisabledException', 'kms:GenerateDataKey'],
      ['InvalidObjectState', 'restore'],
    ] as const;
    for (const [name, words] of hints)
      expect(callFailure(call, answered(name, 400)).hint, name).toContain(words);
  });

  it('is repeated where it names buckets and keys of KMS, and nowhere else', () => {
    for (const name of ['AccessDenied', 'PermanentRedirect', 'KMS.NotFoundException', 'InvalidRequest'])
      expect(callFailure(call, answered(name, 400, 'of its own')).message).toContain('of its own');
    for (const name of ['NoSuchBucket', 'BadDigest', 'SlowDown', 'SomethingNew'])
      expect(callFailure(call, answered(name, 400, 'secret')).message).not.toContain('secret');
  });
});

describe('what S3 says of one object of many', () => {
  it.each([
    ['AccessDenied', 'access_denied', 'never'],
    ['InternalError', 'server_error', 'later'],
    ['SlowDown', 'throttled', 'slower'],
    ['SomethingNew', 'server_error', 'later'],
    ['', 'server_error', 'later'],
  ])('%s is %s, to be tried again: %s', (name, code, retry) => {
    expect(entryFailure(call, name, failedForNow)).toMatchObject({ code, retry });
  });
});
