import { awsPartition } from '../../connectors/aws-endpoint.js';
import type { DeployDeclaration } from '../../declare/declaration.js';
import type { Fields } from '../template/template.js';
import { bounded, bucketName } from './names.js';

/** Where a pipeline is deployed, and what everything there is called: the same names each time, so that stacks can name each other. */
export interface Site {
  readonly pipeline: string;
  /** 12 digits. */
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  readonly deploy: DeployDeclaration;
  /** Where functions of steps run, by the steps' names, where the declaration does not say it. */
  readonly networks: ReadonlyMap<string, Network>;
}

/** What a function in a VPC has. */
export interface Network {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
}

export function siteOf(
  { pipeline, deploy }: { readonly pipeline: string; readonly deploy?: DeployDeclaration },
  account: string,
  region: string,
  networks: Site['networks'] = new Map(),
): Site {
  const partition = awsPartition(region);
  return { pipeline, account, region, partition, deploy: deployOf(deploy), networks };
}

/** With its defaults. */
export function deployOf(deploy: DeployDeclaration | undefined): DeployDeclaration {
  return deploy ?? { memory: 1024, logRetentionDays: 30 };
}

/** Of a step's function that talks to a database: as declared, else as its databases have it; undefined outside of any. */
export function networkOf(
  { deploy: { vpc }, networks }: Site,
  step: string | undefined,
): Network | undefined {
  if (vpc === 'none') return undefined;
  return vpc ?? (step === undefined ? undefined : networks.get(step));
}

/** What of a site is in an ARN. */
export type Place = Pick<Site, 'partition' | 'region' | 'account'>;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
export function arn({ partition, region, account }: Place, service: string, resource: string): string {
  const isGlobal = service === 'iam';
  return `arn:${partition}:${service}:${isGlobal ? '' : region}:${account}:${resource}`;
}

export function bucketArn({ partition }: Pick<Site, 'partition'>, bucket: string): string {
  return `arn:${partition}:s3:::${bucket}`;
}

/** Stacks, functions, roles: 64 characters, letters, digits, `_` and `-`. */
export function nameOf({ pipeline }: Pick<Site, 'pipeline'>, ...parts: readonly string[]): string {
  return bounded(['sluice', pipeline, ...parts].join('-'), 64);
}

/** Roles are of the whole account: the same pipeline in another region has its own. */
export function roleName(site: Site, who: string): string {
  return nameOf(site, who, site.region);
}

export function roleArn(site: Site, who: string): string {
  return arn(site, 'iam', `role/${roleName(site, who)}`);
}

export function assetsBucket({ pipeline, account, region }: Site): string {
  return bucketName(`sluice-${pipeline}-${account}-${region}`);
}

export function stateBucket({ pipeline, account, region }: Site): string {
  return bucketName(`sluice-${pipeline}-state-${account}-${region}`);
}

export function stateTable(site: Site): string {
  return nameOf(site, 'state');
}

/** What `--state` takes. */
export function stateUrl(site: Site): string {
  return `dynamodb://${stateTable(site)}?bucket=${stateBucket(site)}&region=${site.region}`;
}

/** `Tags` of most resources. */
export function tagsOf({ pipeline, deploy }: Site): readonly Fields[] {
  const all = { ...deploy.tags, 'sluice:pipeline': pipeline };
  return Object.entries(all)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([Key, Value]) => ({ Key, Value }));
}
