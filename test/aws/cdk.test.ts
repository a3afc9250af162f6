/** The construct, in an app of the CDK: the same resources as in the template, and what cdk-nag says of them. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type CfnResource, Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks, type NagPack, ServerlessChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SluicePipeline } from '../../src/aws/cdk/sluice-pipeline.js';
import type { Template } from '../../src/aws/template/template.js';

const stacks = 'test/fixtures/stacks';
let folder: string;
let pipelines: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  const all = await readdir(stacks, { withFileTypes: true });
  pipelines = all.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  await cp(stacks, folder, { recursive: true });
  for (const pipeline of pipelines) await addCode(join(folder, pipeline));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The repository holds the assemblies without the code. */
async function addCode(assembly: string): Promise<void> {
  for (const file of await readdir(assembly)) {
    if (!file.endsWith('.assets.json')) continue;
    const { files } = JSON.parse(await readFile(join(assembly, file), 'utf8')) as { files: object };
    for (const hash of Object.keys(files)) {
      await mkdir(join(assembly, `asset.${hash}`));
      await writeFile(join(assembly, `asset.${hash}`, 'index.mjs'), `// ${hash}\n`);
    }
  }
}

const env = { account: '111122223333', region: 'eu-west-1' };

function made(pipeline: string, account?: string) {
  const outdir = join(folder, `${pipeline}-${account ?? 'own'}.out`);
  // cfn-lint looks at the templates already, and the CDK takes half a minute for it.
  const app = new App({ outdir, builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Data', { env: account === undefined ? env : { ...env, account } });
  const assembly = join(folder, pipeline);
  const construct = new SluicePipeline(stack, 'Pipeline', {
    assembly,
    ...(account === undefined ? {} : { account }),
  });
  return { app, stack, construct };
}

it('has all resources of the template with their names, and code of its own', async () => {
  const { app, construct } = made('orders-nightly');
  const template = app.synth().getStackByName('Data').template as Template;
  const file = join(stacks, 'orders-nightly/sluice-orders-nightly.template.json');
  const own = JSON.parse(await readFile(file, 'utf8')) as Template;
  expect(Object.keys(construct.resources)).toEqual(Object.keys(own.Resources));
  const typesOf = ({ Resources }: Template) =>
    Object.values(Resources)
      .map(({ Type }) => Type)
      .filter((type) => type !== 'AWS::CDK::Metadata')
      .sort();
  expect(typesOf(template)).toEqual(typesOf(own));
  const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  for (const { Properties } of functions) {
    expect(Properties['FunctionName']).toMatch(/^sluice-orders-nightly-/);
    const { S3Bucket } = Properties['Code'] as { S3Bucket: unknown };
    expect(JSON.stringify(S3Bucket)).toContain('cdk-');
  }
});

it("has another account's part for a stack of that account", () => {
  const { construct } = made('orders-nightly', '444455556666');
  expect(Object.values(construct.resources).map(({ cfnResourceType }) => cfnResourceType)).toEqual([
    'AWS::IAM::Role',
  ]);
});

it('is refused in a stack for another account or region', () => {
  const stack = new Stack(new App(), 'Data', { env: { ...env, region: 'eu-central-1' } });
  const assembly = join(folder, 'orders-nightly');
  expect(() => new SluicePipeline(stack, 'Pipeline', { assembly })).toThrow(/eu-central-1/);
});

describe.each([
  ['AwsSolutions', () => new AwsSolutionsChecks()],
  ['Serverless', () => new ServerlessChecks()],
] as const)('%s of cdk-nag', (_name, pack: () => NagPack) => {
  it('finds nothing without a reason in any pipeline, and what is planted', () => {
    for (const pipeline of pipelines) {
      const { app, construct } = made(pipeline);
      expect(violationsOf(pack(), app)).toEqual([]);
      const bad = Object.values(construct.resources).find(
        ({ cfnResourceType }) => cfnResourceType === 'AWS::Lambda::Function',
      ) as CfnResource & { runtime?: string; tracingConfig?: unknown };
      bad.runtime = 'nodejs14.x';
      bad.tracingConfig = undefined;
      expect(violationsOf(pack(), app)).not.toEqual([]);
    }
  });
});

function violationsOf(pack: NagPack, app: App): readonly string[] {
  const { violations } = pack.validateScope(app);
  return violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
  );
}
