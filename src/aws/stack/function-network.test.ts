import { expect, test } from 'vitest';
import type { DeployDeclaration } from '../../declare/declaration.js';
import { functionResources } from './function.js';
import { siteOf } from './site.js';

const declared = { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'] };
const found = new Map([['orders', { subnets: ['subnet-11111111'], securityGroups: ['sg-22222222'] }]]);

/** What the template says of the network of a step's function, and whether its role may make interfaces in it. */
function placed(vpc: DeployDeclaration['vpc'], step: string, inVpc = true) {
  const deploy = { memory: 1024, logRetentionDays: 30, ...(vpc === undefined ? {} : { vpc }) };
  const site = siteOf({ pipeline: 'p', deploy }, '111122223333', 'eu-west-1', found);
  const resources = functionResources(site, {
    logical: 'Step',
    name: `step-${step}`,
    description: 'of a test',
    code: { hash: 'abc', handler: 'index.handler' },
    grants: [],
    variables: { SLUICE_STEP: step },
    inVpc,
  });
  const network = resources['StepFunction']?.Properties['VpcConfig'];
  const may = JSON.stringify(resources['StepRole']).includes('ec2:CreateNetworkInterface');
  expect(may).toBe(network !== undefined);
  return network;
}

test('a function that talks to a database runs in the network that was found for its step', () => {
  expect(placed(undefined, 'orders')).toEqual({
    SubnetIds: ['subnet-11111111'],
    SecurityGroupIds: ['sg-22222222'],
  });
  expect(placed(undefined, 'others')).toBeUndefined();
  expect(placed(undefined, 'orders', false)).toBeUndefined();
});

test('what is declared wins, also that there is none', () => {
  const network = { SubnetIds: declared.subnets, SecurityGroupIds: declared.securityGroups };
  expect(placed(declared, 'orders')).toEqual(network);
  expect(placed(declared, 'others')).toEqual(network);
  expect(placed('none', 'orders')).toBeUndefined();
});
