import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stack } from '../stack/pipeline-stacks.js';
import { assetsBucket, type Site, tagsOf } from '../stack/site.js';
import { templateText } from '../template/template.js';

/** A folder that becomes a zip in the bucket of the code. */
export interface AssetFolder {
  /** Of its content: hex digits. */
  readonly hash: string;
  readonly folder: string;
  /** For people. */
  readonly name: string;
}

/** Of the assembly's own form. https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/cloud-assembly-schema/README.md */
const VERSION = '45.0.0';

/**
 * Writes a cloud assembly, as the CDK has it: `manifest.json`, a template for each stack, what each needs in a bucket, and the
 * folders of that by their hash. Nothing in it says when or where it was written. What was in the folder of an assembly goes.
 */
export async function writeAssembly(
  out: string,
  site: Site,
  stacks: readonly Stack[],
  assets: readonly AssetFolder[],
): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  for (const { hash, folder } of unique(assets)) {
    await cp(folder, join(out, `asset.${hash}`), { recursive: true });
  }
  for (const stack of stacks) {
    await writeFile(join(out, `${stack.name}.template.json`), templateText(stack.template));
    // Only the stack of the functions, which comes after the bucket's, needs code.
    const needed = stack.after.length > 0 ? unique(assets) : [];
    await write(join(out, `${stack.name}.assets.json`), assetManifest(site, needed));
  }
  await write(join(out, 'manifest.json'), manifest(site, stacks));
}

function unique(assets: readonly AssetFolder[]): readonly AssetFolder[] {
  const byHash = new Map(assets.map((asset) => [asset.hash, asset]));
  return [...byHash.values()].sort((one, other) => (one.hash < other.hash ? -1 : 1));
}

function assetManifest(site: Site, assets: readonly AssetFolder[]): object {
  const files = assets.map(({ hash, name }) => [
    hash,
    {
      displayName: name,
      source: { path: `asset.${hash}`, packaging: 'zip' },
      destinations: {
        [`${site.account}-${site.region}`]: {
          bucketName: assetsBucket(site),
          objectKey: `${hash}.zip`,
          region: site.region,
        },
      },
    },
  ]);
  return { version: VERSION, files: Object.fromEntries(files), dockerImages: {} };
}

function manifest(site: Site, stacks: readonly Stack[]): object {
  const tags = Object.fromEntries(tagsOf(site).map(({ Key, Value }) => [Key, Value]));
  const artifacts = stacks.flatMap(({ name, account, region, after }) => [
    [`${name}.assets`, { type: 'cdk:asset-manifest', properties: { file: `${name}.assets.json` } }],
    [
      name,
      {
        type: 'aws:cloudformation:stack',
        environment: `aws://${account}/${region}`,
        dependencies: [...after, `${name}.assets`],
        properties: { templateFile: `${name}.template.json`, stackName: name, tags },
        displayName: name,
      },
    ],
  ]);
  return { version: VERSION, artifacts: Object.fromEntries(artifacts) };
}

async function write(file: string, value: object): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, undefined, 1)}\n`);
}
