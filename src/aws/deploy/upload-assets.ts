import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { statusOf } from '../../connectors/aws-failures.js';
import { SluiceError } from '../../errors.js';
import type { AccountAccess } from './account-access.js';
import type { AssemblyStack, StackAsset } from './assembly.js';
import type { DeployObserver } from './observer.js';
import { zippedFolder } from './zip.js';

/**
 * Puts what the stack's template names into its bucket. Names are hashes of content: what is there already stays as it is, and
 * nothing is ever replaced.
 */
export async function uploadAssets(
  access: AccountAccess,
  { name, assets }: AssemblyStack,
  observer: DeployObserver,
): Promise<void> {
  for (const asset of assets) {
    const there = await sizeOf(access, asset);
    if (there !== undefined) {
      observer.asset(name, asset.hash, there, false);
      continue;
    }
    const content = await contentOf(asset);
    await put(access, asset, content);
    observer.asset(name, asset.hash, content.length, true);
  }
}

async function contentOf({ path, packaging }: StackAsset): Promise<Buffer> {
  try {
    return packaging === 'zip' ? await zippedFolder(path) : await readFile(path);
  } catch (cause) {
    throw new SluiceError('assembly_invalid', `the asset ${path} cannot be read`, { cause });
  }
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html, TemplateBody */
const MAX_TEMPLATE_BYTES = 51_200;

/**
 * How CloudFormation is given a template: as text, or where it is too large for that, by a bucket.
 * Throws `unsupported` where there is no bucket for it.
 */
export async function templateFor(
  access: AccountAccess,
  stack: string,
  template: string,
  bucket: string | undefined,
): Promise<{ readonly TemplateBody: string } | { readonly TemplateURL: string }> {
  if (Buffer.byteLength(template) <= MAX_TEMPLATE_BYTES) return { TemplateBody: template };
  if (bucket === undefined) {
    throw new SluiceError(
      'unsupported',
      `the template of ${stack} has more than ${MAX_TEMPLATE_BYTES} bytes`,
      {
        hint: 'it can only go through a bucket of code in the same account and region',
      },
    );
  }
  const key = `templates/${createHash('sha256').update(template).digest('hex')}.json`;
  const place = { bucket, key };
  if ((await sizeOf(access, place)) === undefined) await put(access, place, Buffer.from(template));
  return { TemplateURL: urlOf(access, place) };
}

interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

function urlOf({ region, s3Endpoint }: AccountAccess, { bucket, key }: ObjectPlace): string {
  if (s3Endpoint !== undefined) return `${s3Endpoint}/${bucket}/${key}`;
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://${bucket}.s3.${region}.${suffix}/${key}`;
}

/** The bucket's name can be guessed: if somebody else has it, S3 refuses what follows. */
async function sizeOf({ s3, account }: AccountAccess, place: ObjectPlace): Promise<number | undefined> {
  const { sdk, client } = await s3.open();
  const { bucket: Bucket, key: Key } = place;
  const command = new sdk.HeadObjectCommand({ Bucket, Key, ExpectedBucketOwner: account });
  return await s3.calls.patiently('HeadObject', async (abortSignal) => {
    try {
      return (await client.send(command, { abortSignal })).ContentLength ?? 0;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  });
}

async function put({ s3, account }: AccountAccess, place: ObjectPlace, content: Buffer): Promise<void> {
  const { sdk, client } = await s3.open();
  const { bucket: Bucket, key: Key } = place;
  const ChecksumSHA256 = createHash('sha256').update(content).digest('base64');
  await s3.calls.patiently('PutObject', (abortSignal) =>
    client.send(
      new sdk.PutObjectCommand({ Bucket, Key, Body: content, ChecksumSHA256, ExpectedBucketOwner: account }),
      { abortSignal },
    ),
  );
}
