/** What the fault proxy answers by itself, in the words of the service that is called. */
import { crc32 } from 'node:zlib';
import type { CallKind } from './call-kind.js';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export function failure(
  { errors }: Pick<CallKind, 'errors'>,
  status: number,
  type: string,
  aheadMs?: number,
): Answer {
  const message = `${type} by the fault proxy`;
  if (errors !== 'json') return xmlFailure(errors, status, type, message);
  const answer = signed(status, Buffer.from(JSON.stringify({ __type: `com.amazonaws#${type}`, message })));
  if (aheadMs === undefined) return answer;
  const date = new Date(Date.now() + aheadMs).toUTCString();
  return { ...answer, headers: { ...answer.headers, date } };
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
 */
function xmlFailure(errors: 's3' | 'query', status: number, type: string, message: string): Answer {
  const error = `<Code>${type}</Code><Message>${message}</Message>`;
  const sender = status < 500 ? 'Sender' : 'Receiver';
  const text =
    errors === 's3'
      ? `<?xml version="1.0" encoding="UTF-8"?><Error>${error}</Error>`
      : `<ErrorResponse><Error><Type>${sender}</Type>${error}</Error><RequestId>proxy</RequestId></ErrorResponse>`;
  return { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(text) };
}

export function page(status: number): Answer {
  const body = Buffer.from('<html><body>The server is not available.</body></html>');
  return { status, headers: { 'content-type': 'text/html' }, body };
}

export function signed(status: number, body: Buffer): Answer {
  return { status, headers: { 'x-amzn-requestid': 'fault-proxy', 'x-amz-crc32': String(crc32(body)) }, body };
}
