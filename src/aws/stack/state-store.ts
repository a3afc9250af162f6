import { statePermissions } from '../../journal/aws/permissions.js';
import type { Grant } from '../policy/holder.js';
import { grant } from '../template/role.js';
import type { Resources } from '../template/template.js';
import { metadataOf } from '../template/waivers.js';
import { bucketResources } from './bucket.js';
import { arn, bucketArn, type Site, stateBucket, stateTable, tagsOf } from './site.js';

/**
 * The journal's table and bucket (docs/decisions/20261121-journal-on-aws.md). They outlive the stack unless they are taken
 * away. `forgets`: it holds times of rows that were received, each until its `expires`.
 */
export function stateResources(site: Site, { forgets }: { readonly forgets: boolean }): Resources {
  const aws = 'it holds positions and counts, no rows; encrypted with the key that DynamoDB owns';
  return {
    StateTable: {
      Type: 'AWS::DynamoDB::Table',
      ...metadataOf({ checkov: { CKV_AWS_119: aws } }),
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        TableName: stateTable(site),
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        ...(forgets ? { TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true } } : {}),
        Tags: tagsOf(site),
      },
    },
    ...bucketResources(site, 'StateBucket', {
      name: stateBucket(site),
      keep: true,
      more: {
        LifecycleConfiguration: {
          Rules: [
            {
              Id: 'unfinished-and-replaced',
              Status: 'Enabled',
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
              NoncurrentVersionExpiration: { NoncurrentDays: 30 },
            },
          ],
        },
      },
    }),
  };
}

/** What a function needs of them: the journal is read and written. Whoever `forgets` removes old runs and reports, or rewrites logs. */
export function stateGrants(site: Site, { forgets }: { readonly forgets: boolean }): readonly Grant[] {
  const table = arn(site, 'dynamodb', `table/${stateTable(site)}`);
  const bucket = bucketArn(site, stateBucket(site));
  return statePermissions({ table, bucket, pipeline: site.pipeline })
    .filter(({ action }) => forgets || action !== 'dynamodb:BatchWriteItem')
    .flatMap(({ action, resource, reason }) => grant(action, resource, reason));
}
