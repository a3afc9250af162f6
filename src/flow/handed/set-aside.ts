/** Changes that services have put aside, as they came: what a delivery stream could not have transformed, and what Lambda gave up. */
import { gunzipSync } from 'node:zlib';
import { SluiceError } from '../../errors.js';

/** Nothing that a stream holds is larger. */
const MAX_PLAIN_BYTES = 16 * 1024 * 1024;

/** A record as the forwarding function has sent it; undefined where it is none. */
export function sentRecord(data: string): object | undefined {
  try {
    const bytes = Buffer.from(data, 'base64');
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const plain = isPacked ? gunzipSync(bytes, { maxOutputLength: MAX_PLAIN_BYTES }) : bytes;
    return objectIn(plain.toString('utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The record of a line below the error prefix; undefined where it is none of ours.
 * https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
 */
export function failedRecord(line: string): object | undefined {
  const { rawData } = (objectIn(line) ?? {}) as { readonly rawData?: unknown };
  return typeof rawData === 'string' ? sentRecord(rawData) : undefined;
}

/** An event that a function could not do in all the time that there was. */
export interface GivenUp {
  readonly functionArn: string;
  readonly records: readonly object[];
}

/**
 * The object that Lambda makes of one. https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 * @throws SluiceError file_torn
 */
export function givenUpEvent(text: string, name: string): GivenUp {
  const { requestContext, payload } = (objectIn(text) ?? {}) as {
    readonly requestContext?: { readonly functionArn?: unknown };
    readonly payload?: unknown;
  };
  const event = typeof payload === 'string' ? objectIn(payload) : payload;
  const { Records: records } = (event ?? {}) as { readonly Records?: unknown };
  const { functionArn } = requestContext ?? {};
  if (typeof functionArn === 'string' && Array.isArray(records)) return { functionArn, records };
  throw new SluiceError('file_torn', `${name} holds no event that a function was given`);
}

/** Whoever parses for himself would quote the text, and with it values (invariant 8). */
function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
