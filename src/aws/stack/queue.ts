import { type Resources, ref } from '../template/template.js';
import { metadataOf } from '../template/waivers.js';
import { arn, type Site, tagsOf } from './site.js';

/** 14 days, as long as SQS keeps anything. */
const LONGEST_SECONDS = 1_209_600;

/** A queue for what could not be delivered: encrypted, only by TLS. */
export function queueResources(site: Site, logical: string, name: string): Resources {
  return {
    [logical]: {
      Type: 'AWS::SQS::Queue',
      ...metadataOf({
        checkov: { CKV_AWS_27: 'encrypted with the key that SQS owns: it holds times of firings, no data' },
        nag: {
          'AwsSolutions-SQS3': 'it is where others set things aside; an alarm looks at it',
          'Serverless-SQSRedrivePolicy': 'it is where others set things aside; an alarm looks at it',
        },
      }),
      Properties: {
        QueueName: name,
        SqsManagedSseEnabled: true,
        MessageRetentionPeriod: LONGEST_SECONDS,
        Tags: tagsOf(site),
      },
    },
    [`${logical}Policy`]: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [ref(logical)],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'OnlyTls',
              Effect: 'Deny',
              Principal: '*',
              Action: 'sqs:*',
              Resource: arn(site, 'sqs', name),
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      },
    },
  };
}
