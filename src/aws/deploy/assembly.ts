import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import * as z from 'zod';
import { SluiceError } from '../../errors.js';

/** What `sluice synth` writes: the stacks in the order in which they are put there. */
export interface Assembly {
  /** Absolute, or relative to the working directory. */
  readonly folder: string;
  readonly stacks: readonly AssemblyStack[];
}

export interface AssemblyStack {
  readonly name: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** As CloudFormation gets it: JSON. */
  readonly template: string;
  /** What has to be in a bucket before the stack is created or updated. */
  readonly assets: readonly StackAsset[];
  readonly tags: Readonly<Record<string, string>>;
  /** Of its account and region: through it go its assets, and a template that is large. */
  readonly bucket?: string;
}

export interface StackAsset {
  /** Of its content. */
  readonly hash: string;
  /** A folder that becomes a zip, or a file that goes as it is. */
  readonly path: string;
  readonly packaging: 'zip' | 'file';
  readonly bucket: string;
  readonly key: string;
}

const text = z.string().min(1);
const manifest = z.looseObject({
  artifacts: z.record(
    z.string(),
    z.looseObject({
      type: text,
      environment: z.string().optional(),
      dependencies: z.array(text).optional(),
      properties: z
        .looseObject({
          templateFile: z.string().optional(),
          stackName: z.string().optional(),
          tags: z.record(z.string(), z.string()).optional(),
          file: z.string().optional(),
        })
        .optional(),
    }),
  ),
});
const assetManifest = z.looseObject({
  files: z.record(
    z.string(),
    z.looseObject({
      source: z.looseObject({ path: text, packaging: z.enum(['zip', 'file']) }),
      destinations: z.record(z.string(), z.looseObject({ bucketName: text, objectKey: text })),
    }),
  ),
});

type Artifacts = z.infer<typeof manifest>['artifacts'];
type Artifact = Artifacts[string];

/**
 * Reads a cloud assembly: `manifest.json`, a template and a list of assets for each stack, and the assets' folders.
 * https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/cloud-assembly-schema/README.md
 * Throws `assembly_invalid` where something lacks or lies outside of the folder.
 */
export async function readAssembly(folder: string): Promise<Assembly> {
  const { artifacts } = await read(folder, 'manifest.json', manifest);
  const isStack = (name: string) => artifacts[name]?.type === 'aws:cloudformation:stack';
  const names = inOrder(artifacts).filter(isStack);
  if (names.length === 0) throw invalid(folder, 'manifest.json names no stack');
  const stacks: AssemblyStack[] = [];
  for (const name of names) stacks.push(await stackOf(folder, name, artifacts));
  return { folder, stacks };
}

/** Each after all that it depends on; else as they stand. */
function inOrder(artifacts: Artifacts): readonly string[] {
  const done = new Set<string>();
  const add = (name: string, above: readonly string[]): void => {
    if (done.has(name) || above.includes(name)) return;
    for (const needed of artifacts[name]?.dependencies ?? []) add(needed, [...above, name]);
    done.add(name);
  };
  for (const name of Object.keys(artifacts)) add(name, []);
  return [...done];
}

async function stackOf(folder: string, id: string, artifacts: Artifacts): Promise<AssemblyStack> {
  const artifact = artifacts[id];
  const { templateFile, stackName = id, tags = {} } = artifact?.properties ?? {};
  const [, account, region] = /^aws:\/\/(\d{12})\/([a-z0-9-]+)$/.exec(artifact?.environment ?? '') ?? [];
  if (account === undefined || region === undefined) {
    throw invalid(folder, `the stack ${id} is for no account and region of its own`);
  }
  if (templateFile === undefined) throw invalid(folder, `the stack ${id} has no template`);
  const assets: StackAsset[] = [];
  for (const needed of artifact?.dependencies ?? []) {
    assets.push(...(await assetsOf(folder, artifacts[needed], templateFile)));
  }
  const template = await textOf(folder, templateFile);
  const bucket = assets[0]?.bucket;
  const place = { name: stackName, account, region, ...(bucket === undefined ? {} : { bucket }) };
  return { ...place, template, assets, tags };
}

async function assetsOf(
  folder: string,
  artifact: Artifact | undefined,
  templateFile: string,
): Promise<readonly StackAsset[]> {
  const file = artifact?.properties?.file;
  if (artifact?.type !== 'cdk:asset-manifest' || file === undefined) return [];
  const { files } = await read(folder, file, assetManifest);
  return Object.entries(files).flatMap(([hash, { source, destinations }]) =>
    // The template itself goes with the call.
    source.path === templateFile
      ? []
      : Object.values(destinations).map(({ bucketName, objectKey }) => ({
          hash,
          path: within(folder, source.path),
          packaging: source.packaging,
          bucket: bucketName,
          key: objectKey,
        })),
  );
}

async function read<Shape>(folder: string, file: string, shape: z.ZodType<Shape>): Promise<Shape> {
  const content = await textOf(folder, file);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw invalid(folder, `${file} is no JSON`, cause);
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(folder, `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

async function textOf(folder: string, file: string): Promise<string> {
  try {
    return await readFile(within(folder, file), 'utf8');
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw invalid(folder, `${file} cannot be read`, cause);
  }
}

function within(folder: string, path: string): string {
  const inner = normalize(path);
  if (isAbsolute(inner) || inner.split(/[\\/]/)[0] === '..') {
    throw invalid(folder, `${path} lies outside of it`);
  }
  return join(folder, inner);
}

function invalid(folder: string, message: string, cause?: unknown): SluiceError {
  return new SluiceError('assembly_invalid', `${folder} is no cloud assembly: ${message}`, {
    hint: 'sluice synth writes one',
    ...(cause === undefined ? {} : { cause }),
  });
}
