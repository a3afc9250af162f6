import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { AwsCredentials } from './aws-credentials.js';
import { createClient, type DynamodbClient } from './dynamodb-client.js';

/** A hand-written DynamoDB that answers what the test says. */
interface Reply {
  readonly status?: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

let server: Server | undefined;
let client: DynamodbClient | undefined;
const abort = new AbortController();

afterEach(async () => {
  await client?.close();
  server?.closeAllConnections();
  server?.close();
});

async function start(answer: (request: IncomingMessage) => Reply, keys: AwsCredentials[] = []) {
  server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const { status = 200, body, headers = {} } = answer(request);
      response.writeHead(status, { 'x-amz-crc32': String(crc32(body)), ...headers });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const place = { endpoint: `http://127.0.0.1:${port}`, region: 'eu-west-1', declared: true };
  let at = 0;
  const first: AwsCredentials = { accessKeyId: 'AKID0', secretAccessKey: 's' };
  const credentials = Object.assign(async () => [first, ...keys][at] ?? first, {
    renew: () => {
      at = Math.min(at + 1, keys.length);
    },
  });
  client = createClient({ place, credentials, signal: abort.signal });
  return client;
}

const error = (type: string, message = 'x') =>
  JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message });

describe('an answer', () => {
  it('is given when its checksum is right, and also when there is none', async () => {
    const dynamodb = await start(() => ({ body: '{"a":"ä"}' }));
    expect(await dynamodb.call('Scan', '{}')).toEqual({ a: 'ä' });
    await dynamodb.close();
    const without = await start(() => ({ body: '{"a":1}', headers: { 'x-amz-crc32': '' } }));
    await expect(without.call('Scan', '{}')).rejects.toMatchObject({ code: 'response_invalid' });
  });

  it.each<[string, Reply]>([
    ['with another checksum', { body: '{}', headers: { 'x-amz-crc32': '1' } }],
    ['that is not JSON', { body: '{"secret-value": tru' }],
  ])('%s is torn, and may be asked for again', async (_, reply) => {
    const dynamodb = await start(() => reply);
    const failure = await dynamodb.call('Scan', '{}').catch((caught: unknown) => caught);
    expect(failure).toMatchObject({ code: 'response_invalid', retry: 'later' });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('secret-value');
  });
});

describe('an error of the service', () => {
  it.each([
    [400, 'ProvisionedThroughputExceededException', 'throttled', 'slower'],
    [400, 'ThrottlingException', 'throttled', 'slower'],
    [400, 'RequestLimitExceeded', 'throttled', 'slower'],
    [500, 'InternalServerError', 'server_error', 'later'],
    [503, '', 'server_error', 'later'],
    [429, '', 'throttled', 'slower'],
    [400, 'TransactionConflictException', 'server_error', 'later'],
    [400, 'AccessDeniedException', 'access_denied', 'never'],
    [400, 'UnrecognizedClientException', 'access_denied', 'never'],
    [400, 'ResourceNotFoundException', 'table_missing', 'never'],
    [400, 'ValidationException', 'write_refused', 'never'],
    [400, 'ExpiredTokenException', 'credentials_missing', 'never'],
    [404, 'SomethingNew', 'server_error', 'never'],
    [400, 'constructor', 'server_error', 'never'],
  ])('%s %s is %s, to be tried again: %s', async (status, type, code, retry) => {
    const dynamodb = await start(() => ({ status, body: type === '' ? '<html>' : error(type) }));
    await expect(dynamodb.call('PutItem', '{}')).rejects.toMatchObject({ code, retry });
  });

  it('is quoted only where its words hold no value', async () => {
    const messages = [
      'The parameter cannot be converted to a numeric value: canary',
      'One or more parameter values were invalid: Type mismatch for key id expected: S actual: N',
    ];
    const dynamodb = await start(() => ({
      status: 400,
      body: error('ValidationException', messages.shift()),
    }));
    const failures = [0, 1].map(() => dynamodb.call('PutItem', '{}').catch(String));
    const [first, second] = [await failures[0], await failures[1]];
    expect(first).not.toContain('canary');
    expect(`${first}${second}`).toContain('Type mismatch for key id expected: S actual: N');
  });
});

describe('the client mends by itself', () => {
  it('expired credentials, once', async () => {
    let calls = 0;
    const answer = (request: IncomingMessage): Reply => {
      calls += 1;
      const fresh = request.headers.authorization?.includes('AKID1');
      return fresh ? { body: '{}' } : { status: 400, body: error('ExpiredTokenException') };
    };
    const dynamodb = await start(answer, [{ accessKeyId: 'AKID1', secretAccessKey: 's' }]);
    expect(await dynamodb.call('Scan', '{}')).toEqual({});
    expect(calls).toBe(2);
    await dynamodb.close();
    const never = await start(() => ({ status: 400, body: error('ExpiredTokenException') }));
    await expect(never.call('Scan', '{}')).rejects.toMatchObject({ code: 'credentials_missing' });
  });

  it('a clock that is wrong, by the date of the answer', async () => {
    const serverNow = Date.now() + 3 * 3_600_000;
    const dates: string[] = [];
    const dynamodb = await start((request) => {
      const sent = String(request.headers['x-amz-date']);
      dates.push(sent);
      const iso = sent.replace(/^(....)(..)(..T..)(..)(..)/, '$1-$2-$3:$4:$5');
      const near = Math.abs(Date.parse(iso) - serverNow) < 300_000;
      const headers = { date: new Date(serverNow).toUTCString() };
      return near
        ? { body: '{}', headers }
        : { status: 400, body: error('InvalidSignatureException'), headers };
    });
    expect(await dynamodb.call('Scan', '{}')).toEqual({});
    expect(await dynamodb.call('Scan', '{}')).toEqual({});
    expect(dates).toHaveLength(3);
  });
});

it('says where it got no answer from', async () => {
  const dynamodb = await start(() => ({ body: '{}' }));
  await new Promise((resolve) => server?.close(resolve));
  await expect(dynamodb.call('Scan', '{}')).rejects.toMatchObject({
    code: 'unreachable',
    retry: 'later',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});
