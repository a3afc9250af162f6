/** For people with a CDK app: `import { SluicePipeline } from 'sluice/cdk'`. Nothing else of Sluice knows the CDK. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type CfnResource, Stack, Token, Validations } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { Construct } from 'constructs';
import { SluiceError } from '../../errors.js';

export interface SluicePipelineProps {
  /** The folder that `sluice synth` has written. */
  readonly assembly: string;
  /** Of which account the resources are made: another one's are its roles. Default: the account that the pipeline runs in. */
  readonly account?: string;
}

interface StackArtifact {
  readonly type: string;
  readonly environment?: string;
  readonly properties?: { readonly templateFile?: string };
}

/**
 * A pipeline's resources in a stack of the CDK: those of the template that `sluice synth` has written, with the names that they
 * have there, so that a pipeline is either deployed by `sluice deploy` or by an app. Code becomes assets of the app. The reasons in
 * the template's metadata acknowledge rules of cdk-nag. Throws `usage` where the stack is for another account or region.
 */
export class SluicePipeline extends Construct {
  /** By the logical names of the template. */
  readonly resources: Readonly<Record<string, CfnResource>>;

  constructor(scope: Construct, id: string, { assembly, account }: SluicePipelineProps) {
    super(scope, id);
    const folder = resolve(assembly);
    const { file, environment } = templateOf(folder, account);
    refuseOther(Stack.of(this), environment);
    const include = new CfnInclude(this, 'Template', {
      templateFile: join(folder, file),
      preserveLogicalIds: false,
    });
    const names = Object.keys((readJson(join(folder, file)) as { readonly Resources: object }).Resources);
    this.resources = Object.fromEntries(names.map((name) => [name, include.getResource(name)]));
    for (const resource of Object.values(this.resources)) {
      acknowledge(resource);
      if (resource instanceof CfnFunction) this.#useAsset(resource, folder);
    }
  }

  #useAsset(fn: CfnFunction, folder: string): void {
    const { s3Key = '' } = fn.code as CfnFunction.CodeProperty;
    const hash = s3Key.replace(/\.zip$/, '');
    const known = this.node.tryFindChild(hash);
    const asset =
      known instanceof Asset ? known : new Asset(this, hash, { path: join(folder, `asset.${hash}`) });
    fn.code = { s3Bucket: asset.s3BucketName, s3Key: asset.s3ObjectKey };
  }
}

/** The template that is meant: the last of the account's own stacks, since the bucket of the code comes before. */
function templateOf(folder: string, account: string | undefined): { file: string; environment: string } {
  const { artifacts } = readJson(join(folder, 'manifest.json')) as {
    readonly artifacts: Readonly<Record<string, StackArtifact>>;
  };
  const stacks = Object.values(artifacts).filter(({ type }) => type === 'aws:cloudformation:stack');
  const home = accountOf(stacks[0]);
  const own = stacks.filter((stack) => accountOf(stack) === (account ?? home)).at(-1);
  const file = own?.properties?.templateFile;
  if (own?.environment !== undefined && file !== undefined) return { file, environment: own.environment };
  throw new SluiceError('usage', `the assembly ${folder} has no stack for ${account ?? 'its account'}`, {
    hint: 'sluice synth FILE --out FOLDER writes it anew',
  });
}

function accountOf(stack: StackArtifact | undefined): string | undefined {
  return stack?.environment?.split('/')[2];
}

/** The template names accounts and regions in its permissions: elsewhere they would be wrong. */
function refuseOther({ account, region }: Stack, environment: string): void {
  const [, , ownAccount, ownRegion] = environment.split('/');
  const differs = (one: string, other: string | undefined) => !Token.isUnresolved(one) && one !== other;
  if (!differs(account, ownAccount) && !differs(region, ownRegion)) return;
  throw new SluiceError(
    'usage',
    `the stack is for ${account} in ${region}, the assembly for ${environment}`,
    {
      hint: 'sluice synth FILE --account NUMBER --region REGION',
    },
  );
}

function acknowledge(resource: CfnResource): void {
  const { rules_to_suppress: rules = [] } = (resource.getMetadata('cdk_nag') ?? {}) as {
    readonly rules_to_suppress?: readonly { readonly id: string; readonly reason: string }[];
  };
  for (const { id, reason } of rules) Validations.of(resource).acknowledge({ id, reason });
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
