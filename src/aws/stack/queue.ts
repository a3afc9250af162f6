import { type Fields, type Resources, ref } from '../template/template.js';
import { metadataOf, type Waivers } from '../template/waivers.js';
import { arn, type Site, tagsOf } from './site.js';

/** 14 days, as long as SQS keeps anything. */
const LONGEST_SECONDS = 1_209_600;

export interface AsideQueue {
  readonly name: string;
  /** What it holds, and why the key that SQS owns will do. */
  readonly holds: string;
  /** What else its properties are. */
  readonly more?: Fields;
}

/** A queue for what could not be delivered: encrypted, only by TLS. */
export function asideQueueResources(
  site: Site,
  logical: string,
  { name, holds, more }: AsideQueue,
): Resources {
  return {
    [logical]: {
      Type: 'AWS::SQS::Queue',
      ...metadataOf(ownKey(holds), {
        nag: {
          'AwsSolutions-SQS3': 'it is where others set things aside; an alarm looks at it',
          'Serverless-SQSRedrivePolicy': 'it is where others set things aside; an alarm looks at it',
        },
      }),
      Properties: {
        QueueName: name,
        SqsManagedSseEnabled: true,
        MessageRetentionPeriod: LONGEST_SECONDS,
        ...more,
        Tags: tagsOf(site),
      },
    },
    [`${logical}Policy`]: queuePolicy(site, logical, name, []),
  };
}

/** Why a queue is encrypted with the key that SQS owns. */
export function ownKey(holds: string): Waivers {
  return { checkov: { CKV_AWS_27: `encrypted with the key that SQS owns: it holds ${holds}` } };
}

/** Only by TLS; and whom else the statements let in. */
export function queuePolicy(
  site: Site,
  logical: string,
  name: string,
  statements: readonly Fields[],
): Resources[string] {
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [ref(logical)],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          ...statements,
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
  };
}
