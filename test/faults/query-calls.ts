import type { Body, CallKind } from './call-kind.js';

/** A form as RDS, IAM and STS are called with: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonParameters.html */
export function formBody(raw: Buffer): Body {
  return Object.fromEntries(new URLSearchParams(raw.toString()));
}

/** Calls of the query protocol are about one thing each. */
export const queryCalls: CallKind = {
  errors: 'query',
  throttled: 'Throttling',
  whenNothing: 'error',
  about: (body) => {
    const names = ['ExportTaskIdentifier', 'DBSnapshotIdentifier', 'DBClusterSnapshotIdentifier'];
    const name = names.find((each) => body[each] !== undefined);
    return name === undefined ? undefined : String(body[name]);
  },
  items: () => 1,
  accepted: (_action, asked, status) => (status === 200 ? asked : 0),
  split: (_action, body) => ({ forward: body, heldBack: {} }),
  merged: (_action, answer) => answer,
  altered: () => undefined,
  damaged: (answer) => answer.subarray(0, Math.floor(answer.length / 2)),
};
