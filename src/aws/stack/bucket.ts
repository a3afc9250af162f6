import { arnOf, type Fields, given, type Resources, ref } from '../template/template.js';
import { metadataOf } from '../template/waivers.js';
import { type Site, tagsOf } from './site.js';

/** An encrypted bucket that nobody reads in the clear or in public, by its logical name; and its policy. */
export function bucketResources(
  site: Site,
  logical: string,
  request: {
    readonly name: string;
    readonly keep: boolean;
    readonly more?: Fields;
    readonly unversioned?: string;
  },
): Resources {
  const { name, keep, more = {}, unversioned } = request;
  const log = 'only functions of this stack use it, and they say what they did in their own logs';
  return {
    [logical]: {
      Type: 'AWS::S3::Bucket',
      ...metadataOf({
        checkov: { CKV_AWS_18: log, ...(unversioned === undefined ? {} : { CKV_AWS_21: unversioned }) },
        nag: { 'AwsSolutions-S1': log },
      }),
      DeletionPolicy: keep ? 'RetainExceptOnCreate' : 'Delete',
      UpdateReplacePolicy: keep ? 'Retain' : 'Delete',
      Properties: given({
        BucketName: name,
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: unversioned === undefined ? { Status: 'Enabled' } : undefined,
        ...more,
        Tags: tagsOf(site),
      }),
    },
    [`${logical}Policy`]: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref(logical),
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'OnlyTls',
              Effect: 'Deny',
              Principal: '*',
              Action: 's3:*',
              Resource: [arnOf(logical), { 'Fn::Join': ['', [arnOf(logical), '/*']] }],
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      },
    },
  };
}
