import type { IncomingMessage } from 'node:http';
import type { Body, CallKind } from './call-kind.js';

/** By method and the query's first name, for calls about the bucket and for those about an object. */
const actions: Readonly<Record<string, readonly [bucket: string, object: string]>> = {
  PUT: ['CreateBucket', 'PutObject'],
  'PUT partNumber': ['PUT', 'UploadPart'],
  GET: ['ListObjectsV2', 'GetObject'],
  'GET list-type': ['ListObjectsV2', 'GET'],
  'GET uploads': ['ListMultipartUploads', 'GET'],
  'GET uploadId': ['GET', 'ListParts'],
  'GET versioning': ['GetBucketVersioning', 'GET'],
  'GET policyStatus': ['GetBucketPolicyStatus', 'GET'],
  'GET location': ['GetBucketLocation', 'GET'],
  'POST delete': ['DeleteObjects', 'POST'],
  'POST uploads': ['POST', 'CreateMultipartUpload'],
  'POST uploadId': ['POST', 'CompleteMultipartUpload'],
  DELETE: ['DeleteBucket', 'DeleteObject'],
  'DELETE uploadId': ['DELETE', 'AbortMultipartUpload'],
  HEAD: ['HeadBucket', 'HeadObject'],
};
const telling =
  /[?&](partNumber|list-type|uploads|uploadId|versioning|policyStatus|location|delete)(?=[=&]|$)/g;

/** The name of a call about one object or the bucket, as the SDK has it; of one that has none here, the method. */
export function objectAction({ method = '', url = '' }: IncomingMessage): string {
  const names = [...url.matchAll(telling)].map(([, name]) => name);
  const query = names.find((name) => actions[`${method} ${name}`] !== undefined);
  const [bucket, object] = actions[query === undefined ? method : `${method} ${query}`] ?? [method, method];
  return keyOf(url) === '' ? bucket : object;
}

/** What a call is about: `Key`, empty for the bucket itself. */
export function objectBody({ url = '' }: IncomingMessage): Body {
  return { Key: keyOf(url) };
}

function keyOf(url: string): string {
  const [path = ''] = url.split('?');
  return decodeURIComponent(path.split('/').slice(2).join('/'));
}

/** Calls about objects have no parts that could be done by themselves. */
export const s3Calls: CallKind = {
  errors: 's3',
  throttled: 'SlowDown',
  whenNothing: 'error',
  about: (body) => String(body['Key']),
  items: () => 1,
  accepted: (_action, asked, status) => (status < 300 ? asked : 0),
  split: (_action, body) => ({ forward: body, heldBack: {} }),
  merged: (_action, answer) => answer,
  altered: () => undefined,
  damaged: (answer) => Buffer.concat([answer, Buffer.from(' ')]),
};
