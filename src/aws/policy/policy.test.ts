import { expect, test } from 'vitest';
import type { StepNeed } from '../../flow/needs.js';
import { grantStatements } from './grant-statements.js';
import { holdersOf } from './holder.js';
import { policyDocument } from './policy-document.js';

const role = 'arn:aws:iam::111122223333:role/sluice';
const table = 'arn:aws:dynamodb:eu-west-1:111122223333:table/orders';

function need(action: string, resource: string, more: Partial<StepNeed> = {}): StepNeed {
  return { step: 's', connection: 'c', permission: { action, resource, reason: 'why' }, ...more };
}

const needs: readonly StepNeed[] = [
  need('dynamodb:Scan', table, { role }),
  need('dynamodb:DescribeTable', table, { role }),
  need('dynamodb:Query', `${table}/index/by-status`, { role }),
  need('sts:AssumeRole', role, { role }),
  need('dynamodb:Scan', table, { role, step: 'another' }),
];

test('actions of one resource are one statement, and the role is assumed by the caller', () => {
  const [caller, held] = holdersOf(needs);
  expect(caller).toMatchObject({ kind: 'caller', connections: ['c'] });
  expect(caller && policyDocument(caller).Statement).toEqual([
    { Sid: 'StsRoleSluice', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: role },
  ]);
  expect(held).toMatchObject({ kind: 'role', account: '111122223333' });
  expect(held && policyDocument(held).Statement).toEqual([
    {
      Sid: 'DynamodbTableOrders',
      Effect: 'Allow',
      Action: ['dynamodb:DescribeTable', 'dynamodb:Scan'],
      Resource: table,
    },
    {
      Sid: 'DynamodbTableOrdersIndexByStatus',
      Effect: 'Allow',
      Action: ['dynamodb:Query'],
      Resource: `${table}/index/by-status`,
    },
  ]);
  expect(held?.grants.find(({ action }) => action === 'dynamodb:Scan')?.steps).toEqual(['another', 's']);
});

test('the order in which steps need things changes nothing', () => {
  expect(holdersOf(needs.toReversed())).toEqual(holdersOf(needs));
});

test('resources whose names differ only by what a Sid cannot hold have Sids of their own', () => {
  const [holder] = holdersOf([need('dynamodb:Scan', `${table}-a`), need('dynamodb:Scan', `${table}.a`)]);
  const sids = holder && policyDocument(holder).Statement.map(({ Sid }) => Sid);
  expect(sids).toEqual(['DynamodbTableOrdersA', 'DynamodbTableOrdersA2']);
});

test('a user whose name holds a quote is quoted, and what no statement can say is a comment', () => {
  const permission = { action: 'SELECT', reason: 'why' };
  const [holder] = holdersOf([
    need('', '', { user: "o'b\\", permission: { ...permission, resource: 'd.t', grantOn: '`d`.`t`' } }),
    need('', '', { user: "o'b\\", permission: { ...permission, resource: 'the tables of the query' } }),
  ]);
  expect(holder?.kind === 'user' && grantStatements(holder)).toEqual([
    "GRANT SELECT ON `d`.`t` TO 'o''b'@'%';",
    '-- SELECT on the tables of the query',
  ]);
});

test('a role is granted on nothing, and what a service needs for itself is its own role’s and nobody else’s', () => {
  const by = 'arn:aws:iam::444455556666:role/cluster';
  const permission = { reason: 'why' };
  const holders = holdersOf([
    need('', '', { role, permission: { ...permission, action: 's3:GetObject', resource: 'arn:b/*', by } }),
    need('', '', { user: 'app', permission: { ...permission, action: 'R', resource: 'loads', grantOn: '' } }),
  ]);
  expect(holders.map(({ kind }) => kind)).toEqual(['user', 'service']);
  const [user, service] = holders;
  expect(user?.kind === 'user' && grantStatements(user)).toEqual(["GRANT R TO 'app'@'%';"]);
  expect(service).toMatchObject({ arn: by, account: '444455556666' });
});

test('what a folder of this machine needs is nobody’s policy and nobody’s statement', () => {
  const [machine, ...others] = holdersOf([need('read', './in/', { isLocal: true, connection: 'here' })]);
  expect(others).toEqual([]);
  expect(machine).toMatchObject({ kind: 'machine', connections: ['here'] });
});
