import type { StepNeed } from '../../flow/needs.js';
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
  /** Of a run of the whole pipeline. */
  readonly needs: readonly StepNeed[];
  /** RDS is asked where databases are. */
  readonly looksUp: boolean;
}

/** Whoever deploys, in each account, and whoever runs what is there. The same facts give the same. */
export function peopleOf(facts: PeopleFacts): readonly Person[] {
  const { site, stacks } = facts;
  const accounts = [...new Set(stacks.map(({ account }) => account))];
  const deployers = accounts.map((account) => deployerOf(facts, account));
  const hasRuns = stacks.some(({ template }) => template.Outputs?.['StateMachineArn'] !== undefined);
  return [...deployers, { kind: 'operator', account: site.account, grants: operatorGrants(site, hasRuns) }];
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

/**
 * What a declaration is planned with, which `deploy` and `diff` of one do first; with `--assembly` nothing is planned. In another
 * account it is planned as whoever deploys there, and not as the role of the connection, which may not be there yet.
 */
function planningGrants({ site, needs }: PeopleFacts, account: string): readonly Grant[] {
  const asked = needs.filter(({ permission }) => looks.test(permission.action));
  const { own, guests } = heldGrants(site, '', asked);
  const isOther = ({ action, resource }: Grant) =>
    action === 'sts:AssumeRole' && resource.split(':')[4] !== site.account;
  const grants =
    account === site.account
      ? own.filter((each) => !isOther(each))
      : guests.filter((guest) => guest.arn.split(':')[4] === account).flatMap((guest) => guest.grants);
  return grants.map((each) => ({
    ...each,
    reasons: [`plans before it deploys: ${each.reasons.join('; ')}`],
  }));
}

/** `run`, `runs` and `rejects` with `--on aws`. */
function operatorGrants(site: Site, hasRuns: boolean): readonly Grant[] {
  const stack = stackArn(site, nameOf(site));
  const reads = /^(dynamodb:(GetItem|Query)|s3:GetObject)$/;
  const found = grant(
    ['cloudformation:DescribeStacks', 'cloudformation:ListStackResources'],
    stack,
    'finds what is deployed',
  );
  const state = stateGrants(site, { forgets: false })
    .filter(({ action }) => reads.test(action))
    .map((each) => (each.resource.endsWith('/*') ? { ...each, wildcard: 'objects of all runs' } : each));
  if (!hasRuns) return [...found.map(withAnyId), ...state];
  const executions = {
    DescribeExecution: 'follows a run',
    StopExecution: 'ends one: run --on aws --stop',
  };
  return [
    ...found.map(withAnyId),
    ...state,
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
