import { arn, bucketArn, type Place } from '../stack/site.js';
import type { Fields } from '../template/template.js';

/** A resource of a template, where it is made. */
export interface MadeResource {
  readonly place: Place;
  readonly properties: Fields;
  /** The text of a property; of one that refers to another resource, the name of that. */
  readonly text: (property: string) => string;
  /** The stack's name and the resource's logical one, of what CloudFormation names itself. */
  readonly named: string;
}

/** Actions on one resource, and why that is wider than one thing. */
export interface Allowed {
  readonly on: string;
  readonly actions: readonly string[];
  readonly wildcard?: string;
}

type Rule = (made: MadeResource) => readonly Allowed[];

/** `s3:GetObject` and so on. */
function of(service: string, ...names: readonly string[]): readonly string[] {
  return names.flatMap((text) => text.split(' ')).map((name) => `${service}:${name}`);
}

const tags = 'ListTagsForResource TagResource UntagResource';
const aGroup = 'so AWS names a group with all that it holds';
const noResource = 'AWS knows no resource for it';

/**
 * What CloudFormation asks of services, with the permissions of whoever deploys, to make, look at, change and delete what our
 * templates hold. From the `handlers` of each type's schema, without what belongs to properties that no template of ours has
 * (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html#schema-properties-handlers), and on
 * resources as the service authorization reference has them
 * (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
 */
export const resourceRules: Readonly<Record<string, Rule>> = {
  'AWS::CloudWatch::Alarm': ({ place, text }) => [
    {
      on: arn(place, 'cloudwatch', `alarm:${text('AlarmName')}`),
      actions: of('cloudwatch', 'DeleteAlarms DescribeAlarms PutMetricAlarm', tags),
    },
  ],
  'AWS::CloudWatch::Dashboard': ({ place, text }) => [
    {
      on: arn({ ...place, region: '' }, 'cloudwatch', `dashboard/${text('DashboardName')}`),
      actions: of('cloudwatch', 'DeleteDashboards GetDashboard PutDashboard', tags),
    },
  ],
  'AWS::DynamoDB::Table': ({ place, text, properties }) => [
    {
      on: arn(place, 'dynamodb', `table/${text('TableName')}`),
      actions: [
        ...of(
          'dynamodb',
          'CreateTable DeleteTable DescribeTable UpdateTable',
          'DescribeContinuousBackups UpdateContinuousBackups DescribeTimeToLive',
          'DescribeContributorInsights DescribeKinesisStreamingDestination GetResourcePolicy',
          'ListTagsOfResource TagResource UntagResource',
        ),
        ...(properties['TimeToLiveSpecification'] === undefined ? [] : of('dynamodb', 'UpdateTimeToLive')),
      ],
    },
  ],
  'AWS::IAM::ManagedPolicy': ({ place, named }) => [
    {
      on: arn(place, 'iam', `policy/${named}-*`),
      actions: of(
        'iam',
        'CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion',
        'ListEntitiesForPolicy ListPolicyVersions',
      ),
      wildcard: 'CloudFormation ends the name with letters of its own',
    },
  ],
  'AWS::IAM::Role': ({ place, text, properties }) => [
    {
      on: arn(place, 'iam', `role${String(properties['Path'] ?? '/')}${text('RoleName')}`),
      actions: [
        ...of(
          'iam',
          'CreateRole DeleteRole GetRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription',
          'DeleteRolePolicy GetRolePolicy ListRolePolicies PutRolePolicy ListAttachedRolePolicies',
          'TagRole UntagRole',
        ),
        ...(properties['ManagedPolicyArns'] === undefined
          ? []
          : of('iam', 'AttachRolePolicy DetachRolePolicy')),
        ...(properties['PermissionsBoundary'] === undefined
          ? []
          : of('iam', 'DeleteRolePermissionsBoundary PutRolePermissionsBoundary')),
      ],
    },
  ],
  'AWS::KMS::Key': ({ place }) => [
    { on: '*', actions: of('kms', 'CreateKey'), wildcard: 'a key is nobody before it is made' },
    {
      on: arn(place, 'kms', 'key/*'),
      actions: of(
        'kms',
        'DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus PutKeyPolicy',
        'ScheduleKeyDeletion UpdateKeyDescription ListResourceTags TagResource UntagResource',
      ),
      wildcard: 'AWS names a key as it is made',
    },
  ],
  'AWS::KinesisFirehose::DeliveryStream': ({ place, text }) => [
    {
      on: arn(place, 'firehose', `deliverystream/${text('DeliveryStreamName')}`),
      actions: of(
        'firehose',
        'CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream UpdateDestination',
        'ListTagsForDeliveryStream TagDeliveryStream UntagDeliveryStream',
      ),
    },
  ],
  'AWS::Lambda::EventSourceMapping': ({ place }) => [
    { on: '*', actions: of('lambda', 'CreateEventSourceMapping'), wildcard: noResource },
    {
      on: arn(place, 'lambda', 'event-source-mapping:*'),
      actions: of(
        'lambda',
        'DeleteEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping',
        'ListTags TagResource UntagResource',
      ),
      wildcard: 'AWS names a mapping as it is made',
    },
  ],
  'AWS::Lambda::Function': ({ place, text, properties }) => [
    {
      on: arn(place, 'lambda', `function:${text('FunctionName')}`),
      actions: of(
        'lambda',
        'CreateFunction DeleteFunction GetFunction UpdateFunctionCode UpdateFunctionConfiguration',
        'GetFunctionCodeSigningConfig GetFunctionRecursionConfig GetFunctionScalingConfig',
        'GetRuntimeManagementConfig ListTags TagResource UntagResource',
      ),
    },
    ...(properties['VpcConfig'] === undefined
      ? []
      : [
          {
            on: '*',
            actions: of(
              'ec2',
              'DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs',
            ),
            wildcard: noResource,
          },
        ]),
  ],
  // Actions on a group name it with `:*`, those on its tags without: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
  'AWS::Logs::LogGroup': ({ place, text }) => [
    {
      on: arn(place, 'logs', `log-group:${text('LogGroupName')}:*`),
      actions: of('logs', 'CreateLogGroup DeleteLogGroup GetDataProtectionPolicy PutRetentionPolicy'),
      wildcard: aGroup,
    },
    { on: arn(place, 'logs', `log-group:${text('LogGroupName')}`), actions: of('logs', tags) },
    {
      on: '*',
      actions: of('logs', 'DescribeIndexPolicies DescribeLogGroups DescribeResourcePolicies'),
      wildcard: noResource,
    },
  ],
  'AWS::Logs::LogStream': ({ place, text }) => [
    {
      on: arn(place, 'logs', `log-group:${text('LogGroupName')}:*`),
      actions: of('logs', 'DescribeLogStreams'),
      wildcard: aGroup,
    },
    {
      on: arn(place, 'logs', `log-group:${text('LogGroupName')}:log-stream:${text('LogStreamName')}`),
      actions: of('logs', 'CreateLogStream DeleteLogStream'),
    },
  ],
  'AWS::S3::Bucket': ({ place, text, properties }) => [
    { on: bucketArn(place, text('BucketName')), actions: bucketActions(properties) },
  ],
  'AWS::S3::BucketPolicy': ({ place, text }) => [
    {
      on: bucketArn(place, text('Bucket')),
      actions: of('s3', 'DeleteBucketPolicy GetBucketPolicy PutBucketPolicy'),
    },
  ],
  'AWS::SNS::Topic': ({ place, text }) => [
    {
      on: arn(place, 'sns', text('TopicName')),
      actions: of(
        'sns',
        'CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes',
        'GetDataProtectionPolicy ListSubscriptionsByTopic',
        tags,
      ),
    },
  ],
  'AWS::SNS::TopicPolicy': ({ place, text }) => [
    { on: arn(place, 'sns', text('Topics')), actions: of('sns', 'SetTopicAttributes') },
  ],
  'AWS::SQS::Queue': ({ place, text }) => [
    {
      on: arn(place, 'sqs', text('QueueName')),
      actions: of(
        'sqs',
        'CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl SetQueueAttributes',
        'ListQueueTags TagQueue UntagQueue',
      ),
    },
  ],
  'AWS::SQS::QueuePolicy': ({ place, text }) => [
    { on: arn(place, 'sqs', text('Queues')), actions: of('sqs', 'SetQueueAttributes') },
  ],
  'AWS::Scheduler::Schedule': ({ place, text }) => [
    {
      on: arn(place, 'scheduler', `schedule/${text('GroupName')}/${text('Name')}`),
      actions: of('scheduler', 'CreateSchedule DeleteSchedule GetSchedule UpdateSchedule'),
    },
  ],
  'AWS::Scheduler::ScheduleGroup': ({ place, text }) => [
    {
      on: arn(place, 'scheduler', `schedule-group/${text('Name')}`),
      actions: of('scheduler', 'CreateScheduleGroup DeleteScheduleGroup GetScheduleGroup', tags),
    },
    {
      on: arn(place, 'scheduler', `schedule/${text('Name')}/*`),
      actions: of('scheduler', 'DeleteSchedule'),
      wildcard: 'AWS asks for it of whoever deletes a group',
    },
  ],
  'AWS::StepFunctions::StateMachine': ({ place, text }) => [
    {
      on: arn(place, 'states', `stateMachine:${text('StateMachineName')}`),
      actions: of(
        'states',
        'CreateStateMachine DeleteStateMachine DescribeStateMachine UpdateStateMachine',
        tags,
      ),
    },
  ],
};

/** Each part of a bucket has an action of its own. All of them are looked at, and those that a template has are put there. */
function bucketActions(properties: Fields): readonly string[] {
  const put: Readonly<Record<string, string>> = {
    BucketEncryption: 'PutEncryptionConfiguration',
    LifecycleConfiguration: 'PutLifecycleConfiguration',
    NotificationConfiguration: 'PutBucketNotification',
    OwnershipControls: 'PutBucketOwnershipControls',
    PublicAccessBlockConfiguration: 'PutBucketPublicAccessBlock',
    VersioningConfiguration: 'PutBucketVersioning',
  };
  const used = Object.entries(put).flatMap(([property, action]) =>
    properties[property] === undefined ? [] : of('s3', action),
  );
  return [
    ...of('s3', 'CreateBucket DeleteBucket ListBucket PutBucketTagging', tags),
    ...used,
    ...of(
      's3',
      'GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketCORS',
      'GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification',
      'GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPublicAccessBlock',
      'GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration',
      'GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration',
      'GetMetricsConfiguration GetReplicationConfiguration',
    ),
  ];
}

/** The property that holds the name of what other resources refer to. */
export const nameProperties: Readonly<Record<string, string>> = {
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::Logs::LogStream': 'LogStreamName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Scheduler::ScheduleGroup': 'Name',
};
