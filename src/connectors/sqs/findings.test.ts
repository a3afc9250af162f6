import { describe, expect, it } from 'vitest';
import type { QueueFacts } from './facts.js';
import { queueFindings } from './findings.js';
import { receivePermissions, sendPermissions } from './permissions.js';

const queue: QueueFacts = {
  url: 'https://sqs.eu-west-1.amazonaws.com/444455556666/inbox',
  name: 'inbox',
  arn: 'arn:aws:sqs:eu-west-1:444455556666:inbox',
  account: '444455556666',
  visibilitySeconds: 60,
  retentionSeconds: 345_600,
  maxMessageBytes: 1_048_576,
  isFifo: false,
  waiting: 0,
  inFlight: 0,
  policy: { arn: 'arn:aws:sqs:eu-west-1:444455556666:aside', maxReceives: 5 },
};
const own = 'arn:aws:iam::444455556666:role/sluice';
const foreign = 'arn:aws:iam::111122223333:role/sluice';

function findings(facts: Partial<QueueFacts>, role: string | undefined) {
  const about = { role, hasRedrive: false, hasObjects: false };
  return queueFindings({ ...queue, ...facts }, about).map(({ level, message }) => `${level}: ${message}`);
}

describe('a queue of another account', () => {
  it('must name the role in its own policy', () => {
    expect(findings({}, own)).toEqual([]);
    expect(findings({}, foreign)).toEqual([
      'note: the queue belongs to account 444455556666, the role to 111122223333',
    ]);
  });

  it('is refused where it is encrypted with a key that other accounts cannot use', () => {
    const kmsKey = 'arn:aws:kms:eu-west-1:444455556666:alias/aws/sqs';
    expect(findings({ kmsKey }, own)).toEqual([]);
    expect(findings({ kmsKey }, foreign)).toContain(
      "refuse: the queue is encrypted with AWS's own key, which other accounts cannot use",
    );
    expect(findings({ kmsKey: 'alias/inbox' }, foreign)).toContain(
      'note: the queue is encrypted with a KMS key: its policy must allow the caller too',
    );
  });
});

describe('permissions', () => {
  const reach = {
    region: 'eu-west-1',
    role: own,
    objects: { bucket: 'my-rows', prefix: 'a b/' },
    byName: false,
    redrive: undefined,
  };
  const named = (permissions: readonly { readonly action: string; readonly resource: string }[]) =>
    permissions.map(({ action, resource }) => `${action} ${resource}`);

  it.each([
    ['alias/inbox', 'arn:aws:kms:eu-west-1:444455556666:alias/inbox'],
    [
      '1234abcd-12ab-34cd-56ef-1234567890ab',
      'arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    ],
    ['arn:aws:kms:eu-west-1:1:key/k', 'arn:aws:kms:eu-west-1:1:key/k'],
  ])('of the key %s are those that each half needs', (kmsKey, arn) => {
    const facts = { ...queue, kmsKey };
    expect(named(sendPermissions(facts, reach))).toEqual([
      `sqs:GetQueueAttributes ${queue.arn}`,
      `sqs:SendMessage ${queue.arn}`,
      's3:PutObject arn:aws:s3:::my-rows/a b/*',
      's3:ListBucket arn:aws:s3:::my-rows',
      `kms:GenerateDataKey ${arn}`,
      `kms:Decrypt ${arn}`,
      `sts:AssumeRole ${own}`,
    ]);
    const received = named(receivePermissions(facts, reach));
    expect(received).toContain(`kms:Decrypt ${arn}`);
    expect(received).not.toContain(`kms:GenerateDataKey ${arn}`);
  });

  it('need none for the key that AWS keeps itself', () => {
    expect(named(sendPermissions({ ...queue, kmsKey: 'alias/aws/sqs' }, reach)).join()).not.toContain('kms:');
  });

  it('have no wildcard but that of the declared prefix', () => {
    const all = [...sendPermissions(queue, reach), ...receivePermissions(queue, reach)];
    for (const { action, resource } of all)
      expect(`${action} ${resource.replace(/\/\*$/, '')}`).not.toContain('*');
  });

  it('are of the partition of the region', () => {
    const china = sendPermissions(queue, { ...reach, region: 'cn-north-1' });
    expect(named(china)).toContain('s3:PutObject arn:aws-cn:s3:::my-rows/a b/*');
  });
});
