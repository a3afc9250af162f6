import type { IncomingMessage } from 'node:http';
import type { CallKind } from './call-kind.js';

const actions: Readonly<Record<string, string>> = {
  PUT: 'PutObject',
  GET: 'GetObject',
  DELETE: 'DeleteObject',
  HEAD: 'HeadBucket',
};

/** The name of a call about one object or the bucket, as the SDK has it. */
export function objectAction({ method = '' }: IncomingMessage): string {
  return actions[method] ?? method;
}

/** Calls about objects have no parts that could be done by themselves. */
export const s3Calls: CallKind = {
  throttled: 'SlowDown',
  whenNothing: 'error',
  about: () => undefined,
  items: () => 1,
  accepted: (_action, asked, status) => (status < 300 ? asked : 0),
  split: (_action, body) => ({ forward: body, heldBack: {} }),
  merged: (_action, answer) => answer,
  altered: () => undefined,
  damaged: (answer) => Buffer.concat([answer, Buffer.from(' ')]),
};
