import { describe, expect, it } from 'vitest';
import { callFailure as failureOf, remedyFor } from '../aws-failures.js';
import { entryFailure, failures } from './failures.js';

const callFailure = (service: string, action: string, error: unknown) =>
  failureOf({ service, action, failures }, error);

/** What an SDK client throws for an answer with a status. */
function answered(name: string, httpStatusCode: number, message = 'in its own words'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

const failed = (code: string): Error => Object.assign(new Error('secret'), { code });

describe('what SQS and S3 say', () => {
  it.each([
    ['RequestThrottled', 403, 'throttled', 'slower'],
    ['ThrottlingException', 400, 'throttled', 'slower'],
    ['KmsThrottled', 400, 'throttled', 'slower'],
    ['OverLimit', 403, 'throttled', 'slower'],
    ['SlowDown', 503, 'throttled', 'slower'],
    ['InternalError', 500, 'server_error', 'later'],
    ['ServiceUnavailable', 503, 'server_error', 'later'],
    ['QueueDoesNotExist', 400, 'queue_missing', 'never'],
    ['AWS.SimpleQueueService.NonExistentQueue', 400, 'queue_missing', 'never'],
    ['NoSuchBucket', 404, 'bucket_missing', 'never'],
    ['AccessDenied', 403, 'access_denied', 'never'],
    ['KmsAccessDenied', 400, 'access_denied', 'never'],
    ['ExpiredToken', 400, 'credentials_missing', 'never'],
    ['BatchRequestTooLong', 400, 'item_too_large', 'never'],
    ['InvalidMessageContents', 400, 'write_refused', 'never'],
    ['com.amazonaws.sqs#RequestThrottled', 400, 'throttled', 'slower'],
    ['SomethingNew', 500, 'server_error', 'later'],
    ['SomethingNew', 429, 'throttled', 'slower'],
    ['SomethingNew', 403, 'access_denied', 'never'],
    ['SomethingNew', 400, 'server_error', 'never'],
    ['toString', 400, 'server_error', 'never'],
  ])('%s with status %i is %s, to be tried again %s', (name, status, code, retry) => {
    expect(callFailure('SQS', 'SendMessageBatch', answered(name, status))).toMatchObject({ code, retry });
  });

  it('is repeated where it names queues and actions, and nowhere else', () => {
    const denied = callFailure('SQS', 'GetQueueUrl', answered('AccessDenied', 403, 'not sqs:GetQueueUrl'));
    expect(denied.message).toBe('SQS GetQueueUrl: AccessDenied: not sqs:GetQueueUrl');
    for (const name of ['InvalidParameterValue', 'InvalidMessageContents', 'SomethingNew']) {
      expect(callFailure('SQS', 'SendMessage', answered(name, 400, 'secret')).message).not.toContain(
        'secret',
      );
    }
  });

  it('is said with what to do, where somebody can do something', () => {
    for (const name of [
      'AccessDenied',
      'KmsAccessDenied',
      'QueueDoesNotExist',
      'NoSuchBucket',
      'ExpiredToken',
    ]) {
      expect(callFailure('SQS', 'SendMessage', answered(name, 400)).hint).toEqual(expect.any(String));
    }
  });
});

describe('what the network does', () => {
  it.each([
    ['ECONNREFUSED', 'unreachable'],
    ['ENOTFOUND', 'unreachable'],
    ['ETIMEDOUT', 'timeout'],
    ['ECONNRESET', 'connection_lost'],
    ['SOMETHING', 'connection_lost'],
  ])('%s is %s, to be tried again later', (native, code) => {
    const error = callFailure('SQS', 'ReceiveMessage', failed(native));
    expect(error).toMatchObject({ code, retry: 'later' });
    expect(error.message).not.toContain('secret');
  });

  it('is the first of several addresses that were tried', () => {
    const all = new AggregateError([failed('ECONNREFUSED'), failed('ENETUNREACH')]);
    expect(callFailure('SQS', 'GetQueueUrl', all)).toMatchObject({ code: 'unreachable' });
  });

  it('is an answer that cannot be read, whose text is not repeated', () => {
    const torn = callFailure('SQS', 'ReceiveMessage', new SyntaxError('Unexpected token secret'));
    expect(torn).toMatchObject({ code: 'response_invalid', retry: 'later' });
    expect(torn.message).not.toContain('secret');
  });
});

describe('an entry of a batch', () => {
  it.each([
    ['InternalError', false, 'server_error', 'later'],
    ['RequestThrottled', true, 'throttled', 'slower'],
    ['InvalidMessageContents', true, 'write_refused', 'never'],
    ['ReceiptHandleIsInvalid', true, 'write_refused', 'never'],
    ['SomethingNew', true, 'write_refused', 'never'],
    ['SomethingNew', false, 'server_error', 'later'],
  ])('that failed by %s (sender: %s) is %s, to be tried again %s', (Code, SenderFault, code, retry) => {
    expect(entryFailure('SendMessageBatch', { Code, SenderFault })).toMatchObject({ code, retry });
  });
});

describe('before anybody else sees it', () => {
  it.each([
    ['ExpiredToken', 'renew credentials'],
    ['InvalidClientTokenId', 'renew credentials'],
    ['RequestTimeTooSkewed', 'correct clock'],
    ['SignatureDoesNotMatch', 'correct clock'],
    ['AccessDenied', 'none'],
    ['toString', 'none'],
  ])('%s is met so: %s', (name, remedy) => {
    expect(remedyFor(answered(name, 400))).toBe(remedy);
  });
});
