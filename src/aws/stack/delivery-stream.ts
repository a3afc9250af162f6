import type { Buffering } from '../../connectors/delivery-stream-options.js';
import type { Grant } from '../policy/holder.js';
import { grant, roleResource, serviceTrust } from '../template/role.js';
import { arnOf, type Fields, type Resources, ref } from '../template/template.js';
import { metadataOf } from '../template/waivers.js';
import type { DeliveryPlaces } from './delivery-places.js';
import { logGroup } from './function.js';
import { arn, roleName, type Site, tagsOf } from './site.js';

/** What a function is handed at once: it answers with 6 MiB at most, and lines may be longer than what they are made of. */
const TRANSFORMED_MIB = 1;
const LONGEST_TRANSFORMED_SECONDS = 60;
const RETRIES = 3;
const LOG_STREAM = 'delivery';

export interface DeliveryStreamRequest {
  readonly logical: string;
  readonly step: string;
  readonly places: DeliveryPlaces;
  /** ARN of the function that makes lines of changes. */
  readonly transform: string;
  readonly buffering: Buffering;
}

/** A delivery stream into the bucket, with the function that its records go through, a role and a log. */
export function deliveryStreamResources(site: Site, request: DeliveryStreamRequest): Resources {
  const { logical, step, places } = request;
  const group = logGroupName(places);
  return {
    [logical]: {
      Type: 'AWS::KinesisFirehose::DeliveryStream',
      ...metadataOf({
        checkov: {
          CKV_AWS_241:
            'encrypted with the key that Firehose owns: it holds changes for as long as it gathers them',
        },
      }),
      Properties: {
        DeliveryStreamName: places.stream,
        DeliveryStreamType: 'DirectPut',
        DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
        ExtendedS3DestinationConfiguration: destination(request),
        Tags: tagsOf(site),
      },
    },
    [`${logical}Role`]: roleResource({
      name: roleName(site, `deliver-${step}`),
      description: `${site.pipeline}: puts changes of ${step} into the bucket`,
      trust: serviceTrust('firehose.amazonaws.com', site.account, places.streamArn),
      grants: deliveryGrants(site, request),
      boundary: site.deploy.permissionsBoundary,
    }),
    [`${logical}Logs`]: logGroup(site, group),
    [`${logical}LogStream`]: {
      Type: 'AWS::Logs::LogStream',
      Properties: { LogGroupName: ref(`${logical}Logs`), LogStreamName: LOG_STREAM },
    },
  };
}

function destination({ logical, places, transform, buffering }: DeliveryStreamRequest): Fields {
  const { seconds, mib } = buffering;
  const gathered = Math.min(seconds, LONGEST_TRANSFORMED_SECONDS);
  return {
    BucketARN: arnOf('DeliveryBucket'),
    RoleARN: arnOf(`${logical}Role`),
    Prefix: places.delivered,
    ErrorOutputPrefix: `${places.failed}!{firehose:error-output-type}/`,
    FileExtension: '.jsonl',
    CompressionFormat: 'UNCOMPRESSED',
    BufferingHints: { IntervalInSeconds: seconds, SizeInMBs: mib },
    CloudWatchLoggingOptions: {
      Enabled: true,
      LogGroupName: ref(`${logical}Logs`),
      LogStreamName: ref(`${logical}LogStream`),
    },
    ProcessingConfiguration: {
      Enabled: true,
      Processors: [
        {
          Type: 'Lambda',
          Parameters: [
            parameter('LambdaArn', transform),
            parameter('RoleArn', arnOf(`${logical}Role`)),
            parameter('NumberOfRetries', String(RETRIES)),
            parameter('BufferSizeInMBs', String(TRANSFORMED_MIB)),
            parameter('BufferIntervalInSeconds', String(gathered)),
          ],
        },
      ],
    },
  };
}

function parameter(ParameterName: string, ParameterValue: unknown): Fields {
  return { ParameterName, ParameterValue };
}

function logGroupName({ stream }: DeliveryPlaces): string {
  return `/aws/kinesisfirehose/${stream}`;
}

/** https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3 */
function deliveryGrants(site: Site, { places, transform }: DeliveryStreamRequest): readonly Grant[] {
  const below = (prefix: string, reason: string) =>
    grant(
      ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
      `${places.bucketArn}/${prefix}*`,
      reason,
    ).map((each) => ({ ...each, wildcard: 'Firehose names each object by time and a number of its own' }));
  const log = arn(site, 'logs', `log-group:${logGroupName(places)}:log-stream:${LOG_STREAM}`);
  return [
    ...below(places.delivered, 'puts changes'),
    ...below(places.failed, 'puts aside what could not be transformed'),
    ...grant(
      ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
      places.bucketArn,
      'finds the bucket, and uploads that were not ended',
    ),
    // Firehose may name the version that it means.
    ...[transform, `${transform}:$LATEST`].flatMap((function_) =>
      grant(
        ['lambda:GetFunctionConfiguration', 'lambda:InvokeFunction'],
        function_,
        'has lines made of changes',
      ),
    ),
    ...grant('logs:PutLogEvents', log, 'says why a delivery failed'),
  ];
}
