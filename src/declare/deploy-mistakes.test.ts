import { expect, test } from 'vitest';
import { dynamodb, head, mysql } from '../../test/fixtures/declarations.js';
import { declarationHash } from './hash.js';
import { parseDeclaration } from './load.js';

const steps = `${head}  - { copy: a, from: ${mysql}, to: ${dynamodb} }\n`;
const options = { env: { PW: 'x' }, cwd: '/' };

test('what is said of AWS has its defaults, and no run depends on it', async () => {
  const without = await parseDeclaration(steps, 'p.yaml', options);
  const { deploy, ...same } = await parseDeclaration(`deploy: { memory: 512 }\n${steps}`, 'p.yaml', options);
  expect(deploy).toEqual({ memory: 512, logRetentionDays: 30 });
  expect(same).toEqual(without);
  expect(declarationHash({ ...same, deploy: deploy ?? { memory: 1, logRetentionDays: 1 } })).toBe(
    declarationHash(without),
  );
});

test.each([
  '{ vpc: none }',
  '{ proxy: { shop: shop.proxy-c1a2b3.eu-west-1.rds.amazonaws.com } }',
  '{ proxy: { shop: reads.endpoint.proxy-c1a2b3.eu-west-1.rds.amazonaws.com } }',
  '{ proxy: { shop: shop.proxy-c1a2b3.rds.cn-north-1.amazonaws.com.cn } }',
])('%s is right', async (deploy) => {
  const parsed = await parseDeclaration(`deploy: ${deploy}\n${steps}`, 'p.yaml', options);
  expect(parsed.deploy).toMatchObject({ memory: 1024 });
});

test.each([
  ['{ vpc: { subnets: [], securityGroups: [sg-0a1b2c3d] } }', 'deploy.vpc.subnets'],
  ['{ vpc: { subnets: [subnet-0a1b2c3d], securityGroups: [default] } }', 'deploy.vpc.securityGroups[0]'],
  ['{ memory: 100 }', 'deploy.memory'],
  ['{ logRetentionDays: 31 }', 'deploy.logRetentionDays'],
  ['{ alarms: { topic: alarms } }', 'deploy.alarms.topic'],
  ['{ tags: { "aws:x": y } }', 'deploy.tags'],
  ['{ vpc: some }', 'deploy.vpc'],
  ['{ proxy: true }', 'deploy.proxy'],
  ['{ proxy: { shop: db.example.com } }', 'deploy.proxy.shop'],
  ['{ proxy: { shop: shop.c1a2b3.eu-west-1.rds.amazonaws.com } }', 'deploy.proxy.shop'],
  ['{ proxy: { nobody: shop.proxy-c1a2b3.eu-west-1.rds.amazonaws.com } }', 'deploy.proxy.nobody'],
  ['{ proxy: { stage: shop.proxy-c1a2b3.eu-west-1.rds.amazonaws.com } }', 'deploy.proxy.stage'],
])('%s is refused where it stands', async (deploy, path) => {
  const parsed = parseDeclaration(`deploy: ${deploy}\n${steps}`, 'p.yaml', options);
  await expect(parsed).rejects.toMatchObject({
    problems: [expect.objectContaining({ path: expect.stringContaining(path) })],
  });
});
