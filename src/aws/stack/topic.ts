import { arnOf, type Fields, type Resources, ref } from '../template/template.js';
import { arn, nameOf, type Site, tagsOf } from './site.js';

/** The topic that alarms tell: the user's by its ARN, or the stack's own. */
export function topicTarget({ deploy: { alarms } }: Site): unknown {
  return alarms === undefined ? ref('Topic') : alarms.topic;
}

/**
 * A topic of the stack's own, and the key that it is encrypted with: CloudWatch may not use the key that SNS has of itself.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 */
export function topicResources(site: Site): Resources {
  if (site.deploy.alarms !== undefined) return {};
  const topic = arn(site, 'sns', topicName(site));
  return {
    TopicKey: {
      Type: 'AWS::KMS::Key',
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: {
        Description: `alarms of ${site.pipeline}`,
        EnableKeyRotation: true,
        PendingWindowInDays: 7,
        KeyPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'Account',
              Effect: 'Allow',
              Principal: { AWS: `arn:${site.partition}:iam::${site.account}:root` },
              Action: 'kms:*',
              Resource: '*',
            },
            {
              Sid: 'Alarms',
              Effect: 'Allow',
              Principal: { Service: 'cloudwatch.amazonaws.com' },
              Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
              Resource: '*',
              Condition: ofAlarms(site),
            },
          ],
        },
        Tags: tagsOf(site),
      },
    },
    Topic: {
      Type: 'AWS::SNS::Topic',
      Properties: { TopicName: topicName(site), KmsMasterKeyId: arnOf('TopicKey'), Tags: tagsOf(site) },
    },
    TopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [ref('Topic')],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'Alarms',
              Effect: 'Allow',
              Principal: { Service: 'cloudwatch.amazonaws.com' },
              Action: 'sns:Publish',
              Resource: topic,
              Condition: ofAlarms(site),
            },
            {
              Sid: 'OnlyTls',
              Effect: 'Deny',
              Principal: '*',
              Action: 'sns:Publish',
              Resource: topic,
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      },
    },
  };
}

function topicName(site: Site): string {
  return nameOf(site, 'alarms');
}

function ofAlarms(site: Site): Fields {
  return {
    StringEquals: { 'aws:SourceAccount': site.account },
    ArnLike: { 'aws:SourceArn': arn(site, 'cloudwatch', `alarm:sluice-${site.pipeline}-*`) },
  };
}
