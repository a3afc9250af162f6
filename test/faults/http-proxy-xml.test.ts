import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { callAws, callRds, callS3, type TestMoto, testMoto } from '../fixtures/moto.js';
import { needsServer } from '../fixtures/servers.js';
import { type HttpFault, type HttpProxy, startHttpProxy } from './http-proxy.js';

needsServer('moto');

let moto: TestMoto;
let proxy: HttpProxy;
let bucket: string;

beforeAll(async () => {
  moto = await testMoto();
  proxy = await startHttpProxy(moto.endpoint);
  bucket = await moto.bucket();
});
afterAll(async () => {
  await Promise.all([proxy?.stop(), moto?.stop()]);
});
beforeEach(() => proxy.plan.use([]));

const strike = (on: string, fault: HttpFault) => proxy.plan.use([{ on, fault, times: 1 }]);
const s3 = (key: string, init?: RequestInit) => callS3(`${proxy.endpoint}/${bucket}${key}`, init);
const instances = () => callRds(proxy.endpoint, 'DescribeDBInstances', {});

test('calls of RDS are forwarded, and fail with its own errors', async () => {
  expect(await instances()).toContain('<DescribeDBInstancesResult>');
  strike('DescribeDBInstances', { kind: 'error', status: 403, type: 'AccessDenied' });
  await expect(instances()).rejects.toThrow(/403 <ErrorResponse>.*<Type>Sender<\/Type><Code>AccessDenied</);
  strike('DescribeDBInstances', { kind: 'throttle' });
  await expect(instances()).rejects.toThrow(/400 .*<Code>Throttling</);
  strike('DescribeDBInstances', { kind: 'torn' });
  await expect(instances()).rejects.toThrow('terminated');
  const form = { DBSnapshotIdentifier: 'nightly', DBInstanceIdentifier: 'none' };
  await expect(callRds(proxy.endpoint, 'CreateDBSnapshot', form)).rejects.toThrow('DBInstanceNotFound');
  expect(proxy.events.at(-1)).toMatchObject({ action: 'CreateDBSnapshot', table: 'nightly', status: 404 });
});

test('calls of KMS are throttled in its own words', async () => {
  strike('ListKeys', { kind: 'throttle' });
  const headers = { 'x-amz-target': 'TrentService.ListKeys', 'content-type': 'application/x-amz-json-1.1' };
  const list = () => callAws(proxy.endpoint, 'kms', { method: 'POST', headers, body: '{}' });
  const throttled = await list();
  expect([throttled.status, await throttled.text()]).toEqual([
    400,
    expect.stringContaining('#ThrottlingException'),
  ]);
  expect(await (await list()).json()).toMatchObject({ Keys: [] });
});

test('calls of S3 have the names that the SDK gives them', async () => {
  const before = proxy.events.length;
  await s3('/a%20b/c.txt', { method: 'PUT', body: 'text' });
  await s3('/a%20b/c.txt', { method: 'HEAD' });
  await s3('?list-type=2&prefix=a');
  await s3('/?uploads');
  await s3('/big?uploads=', { method: 'POST' });
  await s3('/big?partNumber=1&uploadId=1', { method: 'PUT', body: 'part' });
  await s3('/big?uploadId=1', { method: 'DELETE' });
  await s3('/big?uploadId=1', { method: 'POST' });
  await s3('/?delete', { method: 'POST', body: '<Delete></Delete>' });
  await s3('/a%20b/c.txt', { method: 'DELETE' });
  await s3('/', { method: 'HEAD' });
  expect(proxy.events.slice(before).map(({ action, table }) => [action, table])).toEqual([
    ['PutObject', 'a b/c.txt'],
    ['HeadObject', 'a b/c.txt'],
    ['ListObjectsV2', ''],
    ['ListMultipartUploads', ''],
    ['CreateMultipartUpload', 'big'],
    ['UploadPart', 'big'],
    ['AbortMultipartUpload', 'big'],
    ['CompleteMultipartUpload', 'big'],
    ['DeleteObjects', ''],
    ['DeleteObject', 'a b/c.txt'],
    ['HeadBucket', ''],
  ]);
});

test('objects come through as they are, and calls of S3 fail with its own errors', async () => {
  const lines = '{"a":1}\n{"a":2}\n';
  await s3('/lines', { method: 'PUT', body: lines });
  expect(await (await s3('/lines')).text()).toBe(lines);
  expect((await s3('/lines', { method: 'HEAD' })).headers.get('content-length')).toBe(String(lines.length));
  strike('GetObject', { kind: 'throttle' });
  const slow = await s3('/lines');
  expect([slow.status, await slow.text()]).toEqual([503, expect.stringContaining('<Code>SlowDown</Code>')]);
  strike('PutObject', { kind: 'reset after' });
  await expect(s3('/lost', { method: 'PUT', body: 'there' })).rejects.toThrow();
  expect(await (await s3('/lost')).text()).toBe('there');
});
