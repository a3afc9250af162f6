/** What emulators of S3 do not say, said by hand: buckets elsewhere, objects that are not removed, keys of KMS. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TestContext, testContext } from '../../../../test/fixtures/context.js';
import { httpServer } from '../../../../test/fixtures/http-server.js';
import type { Store } from '../../store.js';
import { BucketStore } from './bucket-store.js';

interface Asked {
  /** `GET /lake?encryption`: the method, the path and the first of the query. */
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

let context: TestContext;
let scratch: string;
let answers: (asked: Asked) => Answer | undefined;
let asked: Asked[];
let store: Store;
let close: () => Promise<void>;

beforeEach(async () => {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
  context = await testContext();
  scratch = await mkdtemp(join(tmpdir(), 'sluice-answers-'));
  asked = [];
  answers = () => undefined;
  const server = await httpServer((request, response, body) => {
    const { method, url = '', headers } = request;
    const line = `${method} ${decodeURIComponent(url).replace(/=?&.*|=$/, '')}`;
    const one = { line, headers, body: body.toString() };
    asked.push(one);
    const answer = answers(one) ?? { status: line.startsWith('HEAD') ? 200 : 404 };
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/xml', ...answer.headers });
    response.end(answer.body ?? '');
  });
  const options = { bucket: 'lake', prefix: 'in/', endpoint: server.endpoint, region: 'eu-west-1' };
  store = new BucketStore({ options, context: context.context });
  close = async () => {
    await store.close();
    await server.stop();
  };
});
afterEach(async () => {
  await close();
  await Promise.all([context.close(), rm(scratch, { recursive: true, force: true })]);
});

const lines = (start: string) => asked.filter(({ line }) => line.startsWith(start));

describe('a bucket in another region', () => {
  test.each([
    [{ 'x-amz-bucket-region': 'eu-central-1' }, 'is in eu-central-1', 'say region: eu-central-1'],
    [{}, 'is in another region', 'check `region`'],
  ])('that says %o is refused with the way out', async (headers, message, hint) => {
    answers = ({ line }) => (line === 'HEAD /lake/' ? { status: 301, headers } : undefined);
    const { findings } = await store.describe('write');
    expect(findings).toMatchObject([
      {
        level: 'refuse',
        code: 'bucket_missing',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      },
    ]);
    expect(asked).toHaveLength(1);
  });
});

describe('objects that S3 does not remove', () => {
  const result = (...errors: readonly (readonly [key: string, code: string])[]): Answer => ({
    body: `<DeleteResult>${errors.map(([key, code]) => `<Error><Key>${key}</Key><Code>${code}</Code></Error>`).join('')}</DeleteResult>`,
  });
  const keysOf = ({ body }: Asked) => [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);

  test('for now are asked for again, and only they', async () => {
    const turns = [
      result(['in/b', 'InternalError'], ['in/c', 'SlowDown'], ['in/d', 'NoSuchKey']),
      result(['in/c', 'SlowDown']),
      result(),
    ];
    answers = ({ line }) => (line.startsWith('POST') ? turns.shift() : undefined);
    await store.remove(['a', 'b', 'c', 'd']);
    expect(lines('POST').map(keysOf)).toEqual([['in/a', 'in/b', 'in/c', 'in/d'], ['in/b', 'in/c'], ['in/c']]);
  });

  test('for good end it with the reason, whatever else was said', async () => {
    answers = ({ line }) =>
      line.startsWith('POST') ? result(['in/a', 'InternalError'], ['in/b', 'AccessDenied']) : undefined;
    await expect(store.remove(['a', 'b'])).rejects.toMatchObject({ code: 'access_denied' });
    expect(lines('POST')).toHaveLength(1);
  });
});

describe('a bucket that encrypts', () => {
  const rule = (algorithm: string, key = '') => ({
    body: `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>${algorithm}</SSEAlgorithm>${
      key === '' ? '' : `<KMSMasterKeyID>${key}</KMSMasterKeyID>`
    }</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`,
  });
  const arn = 'arn:aws:kms:eu-west-1:111122223333:key/1234';

  test.each([
    ['its own key, by ARN', rule('aws:kms', arn), arn, undefined],
    ['its own key, by id', rule('aws:kms', '1234'), 'arn:aws:kms:eu-west-1:*:key/1234', /without an account/],
    [
      'an alias',
      rule('aws:kms:dsse', 'alias/lake'),
      'arn:aws:kms:eu-west-1:*:alias/lake',
      /without an account/,
    ],
  ] as const)('with %s needs that key, as each use does', async (_, answer, resource, wildcard) => {
    answers = ({ line }) => (line === 'GET /lake/?encryption' ? answer : undefined);
    const wanted = {
      read: ['Decrypt'],
      write: ['GenerateDataKey', 'Decrypt'],
      add: ['GenerateDataKey'],
    } as const;
    for (const use of ['read', 'write', 'add'] as const) {
      const { permissions } = await store.describe(use);
      const kms = permissions.filter(({ action }) => action.startsWith('kms:'));
      expect(kms.map(({ action }) => action)).toEqual(wanted[use].map((action) => `kms:${action}`));
      for (const one of kms) {
        expect(one.resource).toBe(resource);
        if (wildcard) expect(one.wildcard).toMatch(wildcard);
        else expect(one.wildcard).toBeUndefined();
      }
    }
  });

  test.each([
    ['S3', rule('AES256')],
    ["AWS's own key of KMS", rule('aws:kms')],
  ])('with a key of %s needs none', async (_, answer) => {
    answers = ({ line }) => (line === 'GET /lake/?encryption' ? answer : undefined);
    const { permissions } = await store.describe('write');
    expect(permissions.filter(({ action }) => action.startsWith('kms:'))).toEqual([]);
  });
});

describe('a copy within a bucket', () => {
  const upload = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
  const part = '<CopyPartResult><ETag>"p"</ETag></CopyPartResult>';

  test.each([
    [
      'of KMS',
      { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': 'arn:key' },
    ],
    ['of S3', { 'x-amz-server-side-encryption': 'AES256' }],
    ['none', {}],
  ])('has the key of what it is of: %s', async (_, headers: Readonly<Record<string, string>>) => {
    answers = ({ line }) => {
      if (line.startsWith('HEAD')) return { headers: { etag: '"v"', 'content-length': '5', ...headers } };
      if (line.startsWith('POST')) return { body: upload };
      return line.startsWith('PUT') ? { body: part } : undefined;
    };
    await store.copyHidden([{ from: 'a', to: 'b', bytes: 5, version: '"v"' }]);
    const [begun] = lines('POST /lake/in/b?uploads');
    const key = headers['x-amz-server-side-encryption-aws-kms-key-id'];
    expect(begun?.headers['x-amz-server-side-encryption-aws-kms-key-id']).toBe(key);
    expect(begun?.headers['x-amz-server-side-encryption']).toBe(key && 'aws:kms');
  });
});

describe('a new object', () => {
  const path = () => join(scratch, 'file');
  const listed = (bytes: number) => ({
    body: `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>in/a</Key><Size>${bytes}</Size><ETag>"v"</ETag></Contents></ListBucketResult>`,
  });

  test('that meets another of its own name is asked again, and found', async () => {
    await writeFile(path(), 'mine');
    const turns: Answer[] = [
      { status: 409, body: '<Error><Code>ConditionalRequestConflict</Code></Error>' },
      { status: 412, body: '<Error><Code>PreconditionFailed</Code></Error>' },
    ];
    answers = ({ line }) => (line.startsWith('PUT') ? turns.shift() : listed(4));
    expect(await store.putNew('a', path())).toEqual({ name: 'a', bytes: 4, version: '"v"' });
    expect(lines('PUT').map(({ headers, body }) => [headers['if-none-match'], body])).toEqual([
      ['*', 'mine'],
      ['*', 'mine'],
    ]);
  });

  test('that is said to be there and is not is an error', async () => {
    await writeFile(path(), 'mine');
    const none = { body: '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>' };
    answers = ({ line }) => (line.startsWith('PUT') ? { status: 412 } : none);
    await expect(store.putNew('a', path())).rejects.toMatchObject({ code: 'file_missing' });
  });
});
