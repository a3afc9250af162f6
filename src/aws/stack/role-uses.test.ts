/**
 * What roles of stacks are allowed, against what the services that work as them do by AWS's documentation. No emulator asks what
 * a state machine, a schedule, a mapping or a delivery stream may do: it does their work itself. So this is what is known of it.
 */
import { describe, expect, it } from 'vitest';
import { grantsOf, stackTemplate } from '../../../test/fixtures/granted.js';
import type { RecordedCall } from '../../../test/fixtures/request-recorder.js';
import { type RoleUse, roleUses } from '../../../test/fixtures/role-uses.js';
import { serviceNeeds } from '../../../test/fixtures/service-needs.js';
import type { Template } from '../template/template.js';

const place = { account: '111122223333', region: 'eu-west-1' };
const pipelines = ['orders-nightly', 'users-sample', 'nightly-export', 'web-analytics', 'web-delivery'];

const text = ({ holder, action, resource }: RecordedCall) => `${holder}: ${action} ${resource}`;
const sorted = (calls: readonly RecordedCall[]) => calls.map(text).toSorted();

/** What Lambda alone does as a function's role: no code of ours does any of it. */
const byLambdaAlone =
  /^(?:logs|xray|ec2):|^dynamodb:(?:DescribeStream|GetRecords|GetShardIterator|ListStreams)$/;

describe.each(pipelines)('the roles of %s', (pipeline) => {
  const read = () => stackTemplate(`test/fixtures/stacks/${pipeline}`, `sluice-${pipeline}`);

  it('are each that of one thing, which alone may assume it', async () => {
    const template = await read();
    const uses = roleUses(template, place);
    const roles = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
    expect(uses.map(({ role }) => role).toSorted()).toEqual(
      roles
        .map(({ Properties }) => `arn:aws:iam::${place.account}:role/${Properties['RoleName']}`)
        .toSorted(),
    );
    for (const use of uses) expect(trustOf(template, use)).toEqual(use.trust);
  });

  it('of state machines, schedules and delivery streams allow what these do and nothing else', async () => {
    const template = await read();
    const ofServices = roleUses(template, place).filter(({ service }) => service !== 'lambda.amazonaws.com');
    const isOfThem = ({ holder }: RecordedCall) => ofServices.some(({ role }) => role === holder);
    const granted = grantsOf(template, place.account).filter(isOfThem);
    const needed = serviceNeeds(template, place).filter(isOfThem);
    expect(sorted(granted)).toEqual(sorted(needed));
  });

  it('of functions allow what Lambda does for them', async () => {
    const template = await read();
    const granted = grantsOf(template, place.account);
    const functions = roleUses(template, place).filter(({ service }) => service === 'lambda.amazonaws.com');
    const needed = serviceNeeds(template, place).filter(({ holder }) =>
      functions.some(({ role }) => role === holder),
    );
    expect(sorted(granted)).toEqual(expect.arrayContaining(sorted(needed)));
    const alone = (calls: readonly RecordedCall[]) =>
      sorted(
        calls.filter(
          ({ holder, action }) => byLambdaAlone.test(action) && functions.some(({ role }) => role === holder),
        ),
      );
    expect(alone(granted)).toEqual(alone(needed));
  });
});

/** The statements of the role's trust policy. */
function trustOf({ Resources }: Template, { role }: RoleUse): unknown {
  const found = Object.values(Resources).filter(
    ({ Type, Properties }) =>
      Type === 'AWS::IAM::Role' && role.endsWith(`/${String(Properties['RoleName'])}`),
  );
  return found.flatMap(({ Properties }) => {
    const { Statement } = Properties['AssumeRolePolicyDocument'] as { readonly Statement: readonly object[] };
    return Statement;
  });
}
