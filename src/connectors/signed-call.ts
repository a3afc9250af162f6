import { createHash, createHmac } from 'node:crypto';
import type { AwsCredentials } from './aws-credentials.js';
import type { AwsPlace } from './aws-endpoint.js';

/** A POST of a service whose SDK client is not here for one call alone. */
export interface PlainCall {
  /** As signatures name it: `kms`, `iam`. */
  readonly service: string;
  readonly contentType: string;
  readonly body: string;
  /** `TrentService.DescribeKey`, of the JSON protocol. */
  readonly target?: string;
}

const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Makes the call once and gives the body of its answer. Throws as SDK clients do: an error named as the service names it, with
 * `$metadata.httpStatusCode`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function signedCall(
  call: PlainCall,
  place: AwsPlace,
  credentials: AwsCredentials,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(place.endpoint);
  const response = await fetch(url, {
    method: 'POST',
    headers: signedHeaders(call, url, place.region, credentials),
    body: call.body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
  });
  const text = await response.text();
  if (response.ok) return text;
  const error = new Error(messageIn(text));
  error.name = nameIn(text);
  throw Object.assign(error, { $metadata: { httpStatusCode: response.status } });
}

function signedHeaders(
  { service, contentType, body, target }: PlainCall,
  url: URL,
  region: string,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
): Record<string, string> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const signed: Record<string, string> = {
    'content-type': contentType,
    host: url.host,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    ...(target === undefined ? {} : { 'x-amz-target': target }),
  };
  const names = Object.keys(signed).join(';');
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['POST', url.pathname, '', lines.join(''), names, sha256(body)].join('\n');
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, toSign).toString('hex');
  const { host: _host, ...headers } = signed;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** `{"__type":"NotFoundException",…}` of the JSON protocol, `<Code>NoSuchEntity</Code>` of the query protocol. */
function nameIn(text: string): string {
  const name = /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(text) ?? /<Code>([^<]+)<\/Code>/.exec(text);
  return name?.[1] ?? '';
}

function messageIn(text: string): string {
  const message = /"[Mm]essage"\s*:\s*"([^"]*)"/.exec(text) ?? /<Message>([^<]*)<\/Message>/.exec(text);
  return message?.[1] ?? '';
}
