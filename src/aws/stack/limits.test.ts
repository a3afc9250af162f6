import { expect, test } from 'vitest';
import type { SluiceError } from '../../errors.js';
import { grant, roleResources } from '../template/role.js';
import { type Resources, templateOf } from '../template/template.js';
import { refuseBeyondLimits } from './limits.js';

function refused(...parts: readonly Resources[]): readonly string[] {
  const stack = { name: 's', account: '111122223333', region: 'eu-west-1', after: [] };
  try {
    refuseBeyondLimits([{ ...stack, template: templateOf('of a test', parts) }]);
    return [];
  } catch (error) {
    const { code, problems } = error as SluiceError;
    expect(code).toBe('not_deployable');
    return problems.map(({ file, path, message, hint }) => {
      expect(file).toBe('s.template.json');
      expect(hint).toMatch(/make|name/);
      return `${path}: ${message}`;
    });
  }
}

const logs = { Type: 'AWS::Logs::LogGroup', Properties: {} };

function many(count: number, resource: Resources[string] = logs): Resources {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`R${index}`, resource]));
}

/** What a step needs of so many tables. */
function role(tables: number, trusted = 1): Resources {
  const arn = 'arn:aws:dynamodb:eu-west-1:111122223333:table/a-table-of-the-shop';
  const actions = ['BatchWriteItem', 'DescribeTable', 'PutItem'].map((action) => `dynamodb:${action}`);
  const users = Array.from({ length: trusted }, (_, index) => `arn:aws:iam::111122223333:role/user-${index}`);
  return roleResources('Role', {
    name: 'r',
    description: 'of a test',
    trust: { Principal: { AWS: '*' }, Condition: { ArnEquals: { 'aws:PrincipalArn': users } } },
    grants: Array.from({ length: tables }, (_, index) => grant(actions, `${arn}-${index}`, 'writes')).flat(),
  });
}

test('resources of a stack are counted', () => {
  expect(refused(many(500))).toEqual([]);
  expect(refused(many(501))).toEqual([': 501 resources are more than the 500 that AWS takes']);
});

test('bytes of a template are counted', () => {
  const large = { ...logs, Properties: { LogGroupName: 'x'.repeat(9000) } };
  expect(refused(many(109, large))).toEqual([]);
  expect(refused(many(111, large))).toEqual([
    expect.stringMatching(/^: 10\d{5} bytes of a template are more than the 1000000 /),
  ]);
});

test('a role that needs more than its own policy holds has others beside it, which together say the same', () => {
  expect(Object.keys(role(40))).toEqual(['Role']);
  const resources = role(300);
  expect(Object.keys(resources).length).toBeGreaterThan(4);
  expect(refused(resources)).toEqual([]);
  const beside = Object.entries(resources).filter(([name]) => name !== 'Role');
  expect(resources['Role']?.Properties['ManagedPolicyArns']).toEqual(beside.map(([name]) => ({ Ref: name })));
  const [own] = (resources['Role']?.Properties['Policies'] ?? []) as { PolicyDocument: unknown }[];
  const documents = [own, ...beside.map(([, { Properties }]) => Properties)].map(
    (each) => (each as { PolicyDocument: { Statement: { Resource: string }[] } }).PolicyDocument,
  );
  const tables = documents.flatMap(({ Statement }) => Statement.map(({ Resource }) => Resource));
  expect(tables).toHaveLength(300);
  expect(new Set(tables).size).toBe(300);
  for (const { Metadata } of Object.values(resources)) expect(Metadata).toHaveProperty('Reasons');
});

test('a role with more policies than one may have is refused', () => {
  expect(refused(role(900))).toEqual([
    expect.stringMatching(/^Role: \d\d policies of a role are more than /),
  ]);
});

test('policies that somebody else put together are counted, too', () => {
  const Statement = [
    { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${'x'.repeat(10_200)}` },
  ];
  const document = { Version: '2012-10-17', Statement };
  const inline = {
    Policies: [{ PolicyName: 'own', PolicyDocument: document }],
    AssumeRolePolicyDocument: {},
  };
  expect(
    refused({
      Role: { Type: 'AWS::IAM::Role', Properties: inline },
      Policy: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: document } },
    }),
  ).toEqual([
    expect.stringMatching(/^Policy: 10\d{3} characters of a policy are more than the 6144/),
    expect.stringMatching(/^Role: 10\d{3} characters of a role's own policies are more than the 10240/),
  ]);
});

test('who may assume a role is counted', () => {
  expect(refused(role(1, 40))).toEqual([]);
  expect(refused(role(1, 60))).toEqual([
    expect.stringMatching(/^Role: \d{4} characters of who may assume a role are more than the 2048/),
  ]);
});

test('a state machine is counted with the ARNs that it gets', () => {
  const machine = (functions: number): Resources => ({
    StepFunction: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'f'.repeat(64) } },
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        // What stands in the template is small.
        DefinitionString: '$'.concat('{Step}').repeat(functions),
        DefinitionSubstitutions: { Step: { 'Fn::GetAtt': ['StepFunction', 'Arn'] } },
      },
    },
  });
  expect(refused(machine(8000))).toEqual([]);
  expect(refused(machine(9000))).toEqual([
    expect.stringMatching(/^Machine: 11\d{5} bytes of a state machine are more than the 1048576/),
  ]);
});
