import { failedPrefix } from '../../flow/handed/open-deliveries.js';
import { needsFor, type Purpose, type StepNeed } from '../../flow/needs.js';
import type { Grant } from '../policy/holder.js';
import { heldGrants } from '../stack/held-grants.js';
import { executionArns, machineArn } from '../stack/machine.js';
import type { Stack } from '../stack/pipeline-stacks.js';
import { arn, bucketArn, nameOf, type Place, type Site } from '../stack/site.js';
import { stateGrants } from '../stack/state-store.js';
import { grant } from '../template/role.js';
import { stackGrants } from './stack-grants.js';

/** Somebody who deploys a pipeline, or runs what is deployed of it. */
export interface Person {
  readonly kind: 'deployer' | 'operator';
  /** 12 digits. */
  readonly account: string;
  readonly grants: readonly Grant[];
}

export interface PeopleFacts {
  readonly site: Site;
  readonly stacks: readonly Stack[];
  /** Of a run of the whole pipeline, and of what else is done with it. */
  readonly needs: readonly StepNeed[];
  /** What whoever runs it does besides. */
  readonly purposes: ReadonlySet<Purpose>;
  /** RDS is asked where databases are. */
  readonly looksUp: boolean;
}

/** Whoever deploys, in each account, and whoever runs what is there. The same facts give the same. */
export function peopleOf(facts: PeopleFacts): readonly Person[] {
  const { site, stacks } = facts;
  const accounts = [...new Set(stacks.map(({ account }) => account))];
  const deployers = accounts.map((account) => deployerOf(facts, account));
  const hasRuns = stacks.some(({ template }) => template.Outputs?.['StateMachineArn'] !== undefined);
  const operators = accounts.flatMap((account): Person[] => {
    const own = account === site.account ? [...operatorGrants(facts, hasRuns), ...asideGrants(facts)] : [];
    const grants = [...own, ...purposeGrants(facts, account)];
    return grants.length === 0 ? [] : [{ kind: 'operator', account, grants }];
  });
  return [...deployers, ...operators];
}

function deployerOf(facts: PeopleFacts, account: string): Person {
  const { site, stacks, looksUp } = facts;
  const own = stacks.filter((stack) => stack.account === account);
  const grants = own.flatMap((stack) => {
    const place = { partition: site.partition, region: stack.region, account };
    return [...changeGrants(place, stack), ...bucketGrants(place, stack), ...stackGrants(stack, place)];
  });
  const looked = looksUp && account === site.account ? networkGrants(site) : [];
  return { kind: 'deployer', account, grants: [...grants, ...looked, ...planningGrants(facts, account)] };
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html */
const changing = {
  CreateChangeSet: 'asks what would change',
  DeleteChangeSet: 'takes back what was only asked',
  DeleteStack: 'takes the stack away',
  DescribeChangeSet: 'sees what would change',
  DescribeEvents: 'sees what CloudFormation found before it began',
  DescribeStackEvents: 'follows what happens',
  DescribeStacks: 'sees what is there',
  ExecuteChangeSet: 'makes the change',
  GetTemplate: 'sees what was there before',
  ListStackResources: 'sees what the stack has',
  TagResource: 'marks the stack as one of Sluice’s',
} as const;

function changeGrants(place: Place, { name }: Stack): readonly Grant[] {
  return Object.entries(changing).flatMap(([action, reason]) =>
    grant(`cloudformation:${action}`, stackArn(place, name), reason).map(withAnyId),
  );
}

function stackArn(place: Place, name: string): string {
  return arn(place, 'cloudformation', `stack/${name}/*`);
}

function withAnyId(each: Grant): Grant {
  return { ...each, wildcard: 'CloudFormation ends the ARN with letters of its own' };
}

/** Of the code's bucket, which is filled, and of all that are emptied before they go. */
function bucketGrants(place: Place, { template: { Resources } }: Stack): readonly Grant[] {
  const buckets = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::S3::Bucket');
  return buckets.flatMap(([logical, { Properties }]) => {
    const bucket = bucketArn(place, String(Properties['BucketName']));
    const wildcard = 'objects are made and removed, whatever they are called';
    const objects = (actions: readonly string[], reason: string) =>
      grant(actions, `${bucket}/*`, reason).map((each) => ({ ...each, wildcard }));
    return [
      ...grant('s3:ListBucketVersions', bucket, 'empties the bucket before it goes'),
      // The first always: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
      ...objects(['s3:DeleteObject', 's3:DeleteObjectVersion'], 'empties the bucket before it goes'),
      ...(logical === 'Assets'
        ? [
            ...objects(['s3:GetObject', 's3:PutObject'], 'puts code there, and templates that are large'),
            ...grant('s3:ListBucket', bucket, 'is told what is not there; else S3 would deny it'),
          ]
        : []),
    ];
  });
}

/** Names of what RDS has are looked through: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html */
const databaseKinds = {
  DescribeDBInstances: 'db',
  DescribeDBClusters: 'cluster',
  DescribeDBSubnetGroups: 'subgrp',
  DescribeDBProxies: 'db-proxy',
  DescribeDBProxyEndpoints: 'db-proxy-endpoint',
} as const;

function networkGrants(site: Site): readonly Grant[] {
  return Object.entries(databaseKinds).flatMap(([action, kind]) =>
    grant(
      `rds:${action}`,
      arn(site, 'rds', `${kind}:*`),
      'finds the network of a database by its address',
    ).map((each) => ({ ...each, wildcard: 'RDS does not find a database by its address' })),
  );
}

/** Actions that change nothing. */
const looks =
  /^(dynamodb:(BatchGet|Describe|Get|List|Query|Scan)|iam:Get|kms:(Decrypt|DescribeKey)|rds:Describe|s3:(Get|List)|secretsmanager:Get|sqs:Get|sts:)/;

/** What a declaration is planned with, which `deploy` and `diff` of one do first; with `--assembly` nothing is planned. */
function planningGrants({ site, needs }: PeopleFacts, account: string): readonly Grant[] {
  return lookGrants(site, needsFor(needs, new Set()), account).map((each) => ({
    ...each,
    reasons: [`plans before it deploys: ${each.reasons.join('; ')}`],
  }));
}

function lookGrants(site: Site, needs: readonly StepNeed[], account: string): readonly Grant[] {
  const asked = needs.filter(({ permission }) => looks.test(permission.action));
  return grantsIn(site, asked, account);
}

/** In another account people work as themselves, and not as the role of the connection, which trusts functions alone. */
function grantsIn(site: Site, needs: readonly StepNeed[], account: string): readonly Grant[] {
  const { own, guests } = heldGrants(site, '', needs);
  const isOther = ({ action, resource }: Grant) =>
    action === 'sts:AssumeRole' && resource.split(':')[4] !== site.account;
  return account === site.account
    ? own.filter((each) => !isOther(each))
    : guests.filter((guest) => guest.arn.split(':')[4] === account).flatMap((guest) => guest.grants);
}

/** `verify` and `trace` read both sides; `repair` and `replay` write, too. */
function purposeGrants({ site, needs, purposes }: PeopleFacts, account: string): readonly Grant[] {
  // What was put aside holds the changes themselves.
  const ofStream = /^dynamodb:(DescribeStream|GetRecords|GetShardIterator)$/;
  const rows = needs.filter(({ permission }) => !ofStream.test(permission.action));
  if (purposes.has('repair')) return grantsIn(site, needsFor(rows, new Set(['verify', 'repair'])), account);
  return purposes.has('verify') ? lookGrants(site, needsFor(rows, new Set(['verify'])), account) : [];
}

/** `run`, `runs`, `rejects` and `draw` with `--on aws`. */
function operatorGrants({ site, needs, purposes }: PeopleFacts, hasRuns: boolean): readonly Grant[] {
  const stack = stackArn(site, nameOf(site));
  const found = grant(
    ['cloudformation:DescribeStacks', 'cloudformation:ListStackResources'],
    stack,
    'finds what is deployed',
  );
  const own = [...found.map(withAnyId), ...journalGrants(site, purposes), ...redriveGrants(site, needs)];
  if (!hasRuns) return own;
  const executions = {
    DescribeExecution: 'follows a run',
    StopExecution: 'ends one: run --on aws --stop',
  };
  return [
    ...own,
    ...grant('states:StartExecution', machineArn(site), 'starts a run'),
    ...grant('states:ListExecutions', machineArn(site), 'sees whether one is under way'),
    ...Object.entries(executions).flatMap(([action, reason]) =>
      grant(`states:${action}`, executionArns(site), reason).map((each) => ({
        ...each,
        wildcard: 'executions of this machine have names of their own',
      })),
    ),
  ];
}

/** The journal is read. Whoever verifies keeps reports there, and whoever repairs takes the lease. */
function journalGrants(site: Site, purposes: PeopleFacts['purposes']): readonly Grant[] {
  const isReading = /^(dynamodb:(GetItem|Query)|s3:GetObject)$/;
  const isOfLease = /^dynamodb:ConditionCheckItem$/;
  const granted = stateGrants(site, { forgets: true }).filter(({ action }) => {
    if (purposes.has('repair')) return true;
    return purposes.has('verify') ? !isOfLease.test(action) : isReading.test(action);
  });
  return granted.map((each) =>
    each.resource.endsWith('/*') ? { ...each, wildcard: 'objects of all runs' } : each,
  );
}

/** What is set aside on queues is listed with the rejects: it is seen, and let go of. */
function redriveGrants(site: Site, needs: readonly StepNeed[]): readonly Grant[] {
  const isOfRedrive = ({ permission: { only, action } }: StepNeed) =>
    only === 'repair' && action.startsWith('sqs:');
  const queues = new Set(needs.filter(isOfRedrive).map(({ connection }) => connection));
  const asked = needs.filter((need) => {
    const { action } = need.permission;
    if (!queues.has(need.connection)) return false;
    if (isOfRedrive(need)) return action !== 'sqs:DeleteMessage';
    return /^(sqs:Get|kms:Decrypt$|s3:(Get|List))/.test(action);
  });
  return grantsIn(site, asked, site.account);
}

/** Of a pipeline that follows changes: what services gave up, which a replay brings in and removes. */
function asideGrants({ site, stacks, purposes }: PeopleFacts): readonly Grant[] {
  if (!purposes.has('repair')) return [];
  const prefixes = { FailedBucket: '*', DeliveryBucket: `${failedPrefix('*')}*` };
  const wildcard = 'services name what they put aside';
  return Object.entries(prefixes).flatMap(([output, prefix]) => {
    const named = stacks.flatMap(({ template }) => template.Outputs?.[output]?.Value ?? []);
    return named.flatMap((name) => {
      const bucket = bucketArn(site, String(name));
      return [
        ...grant('s3:ListBucket', bucket, 'finds what was put aside'),
        ...grant(
          ['s3:DeleteObject', 's3:GetObject'],
          `${bucket}/${prefix}`,
          'replays what was put aside',
        ).map((each) => ({ ...each, wildcard })),
      ];
    });
  });
}
