import { expect, it } from 'vitest';
import type { Person } from '../aws/people/person.js';
import type { Io } from './io.js';
import { type PeopleOptions, sayPeople } from './people-report.js';

const bucket = 'arn:aws:s3:::code/*';
const role = 'arn:aws:iam::111122223333:role/one';
const grant = (action: string, resource: string, more: object = {}) => ({
  action,
  resource,
  reasons: ['puts code there'],
  steps: [],
  ...more,
});
const deployer: Person = {
  kind: 'deployer',
  account: '111122223333',
  grants: [
    grant('s3:PutObject', bucket, { wildcard: 'code is named by its content' }),
    grant('s3:GetObject', bucket, { wildcard: 'code is named by its content' }),
    grant('s3:GetObject', 'arn:aws:s3:::code/one', { reasons: ['reads one'] }),
    grant('iam:PassRole', role, { reasons: ['works as it'], passedTo: 'lambda.amazonaws.com' }),
  ],
};

function said(options: PeopleOptions): string {
  const lines: string[] = [];
  const io = { out: (line: string) => void lines.push(line), color: false } as Io;
  sayPeople([deployer], io, options);
  return lines.join('\n');
}

it('says by reason what is allowed on what, and why that is wide', () => {
  expect(said({})).toBe(
    [
      'permissions of whoever deploys to 111122223333',
      '  puts code there',
      '    s3:GetObject, s3:PutObject',
      `      ${bucket}`,
      '  reads one',
      '    s3:GetObject',
      '      arn:aws:s3:::code/one',
      '  works as it',
      '    iam:PassRole to lambda.amazonaws.com',
      `      ${role}`,
      `  wide: ${bucket}: code is named by its content`,
    ].join('\n'),
  );
});

it('gives policies for use, and events for programs', () => {
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['iam:PassRole'],
        Resource: [role],
        Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
      },
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: [bucket] },
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::code/one'] },
    ],
  };
  const own = { holder: 'deployer', account: '111122223333', policies: [policy] };
  expect(JSON.parse(said({ format: 'policy' }))).toMatchObject({ policies: [own] });
  const events = said({ json: true })
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(events).toHaveLength(5);
  expect(events[0]).toMatchObject({
    event: 'permission',
    holder: 'deployer of 111122223333',
    resource: bucket,
  });
  expect(events.at(-1)).toMatchObject({ event: 'policy', ...own });
});
