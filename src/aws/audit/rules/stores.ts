import { allows, statements } from '../policy-statements.js';
import { found, ofType, type Rule } from '../rule.js';
import type { Resource, Template } from '../template.js';
import { fieldsOf, isTrue, listOf, namesIn, textOf } from '../value.js';

const blocks = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'];

export const bucketPublic: Rule = {
  id: 'bucket-public',
  level: 'error',
  why: 'One careless policy or ACL later, everybody reads the bucket.',
  page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html',
  mend: `Set all four of PublicAccessBlockConfiguration: ${blocks.join(', ')}.`,
  *check(template) {
    for (const bucket of ofType(template, 'AWS::S3::Bucket')) {
      const set = fieldsOf(bucket.properties['PublicAccessBlockConfiguration']);
      if (blocks.every((name) => isTrue(set[name]))) continue;
      yield found(bucket, ['PublicAccessBlockConfiguration'], 'does not block public access');
    }
  },
};

export const bucketEncryption: Rule = {
  id: 'bucket-encryption',
  level: 'warning',
  why: 'S3 encrypts by itself with its own keys; a bucket that says nothing leaves open whose keys it was meant to have.',
  page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html',
  mend: 'Say it: BucketEncryption with AES256, or with aws:kms and your key.',
  *check(template) {
    for (const bucket of ofType(template, 'AWS::S3::Bucket')) {
      if (bucket.properties['BucketEncryption'] !== undefined) continue;
      yield found(bucket, ['BucketEncryption'], 'does not say how it is encrypted');
    }
  },
};

export const bucketTls: Rule = {
  id: 'bucket-tls',
  level: 'error',
  why: 'Without a policy against it, a bucket is read and written in the clear by whoever asks that way.',
  page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html#transit',
  mend: 'Add a BucketPolicy that denies s3:* to everybody where aws:SecureTransport is false.',
  *check(template) {
    const guarded = new Set(
      statements(template)
        .filter((statement) => !allows(statement) && deniesPlain(statement.fields['Condition']))
        .flatMap(({ resource }) => namesIn(textOf(resource.properties['Bucket']) ?? '')),
    );
    for (const bucket of ofType(template, 'AWS::S3::Bucket')) {
      if (!guarded.has(bucket.name)) yield found(bucket, [], 'may be used without TLS');
    }
  },
};

function deniesPlain(condition: unknown): boolean {
  const { 'aws:SecureTransport': secure } = fieldsOf(fieldsOf(condition)['Bool']);
  return String(secure) === 'false';
}

export const deliveryErrorPrefix: Rule = {
  id: 'delivery-error-prefix',
  level: 'error',
  why: 'Without a prefix of their own, records that failed lie among the good ones, and are loaded with them.',
  page: 'https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html',
  mend: 'Set ErrorOutputPrefix: `failed/!{firehose:error-output-type}/…`, outside of Prefix.',
  *check(template) {
    for (const [stream, name, settings] of deliveries(template)) {
      if ((textOf(settings['ErrorOutputPrefix']) ?? '') !== '') continue;
      yield found(stream, [name, 'ErrorOutputPrefix'], 'puts failed records among the others');
    }
  },
};

export const deliveryLogging: Rule = {
  id: 'delivery-logging',
  level: 'warning',
  why: 'Why a delivery failed stands only in its log.',
  page: 'https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html',
  mend: 'Set CloudWatchLoggingOptions with Enabled: true, a group and a stream.',
  *check(template) {
    for (const [stream, name, settings] of deliveries(template)) {
      if (isTrue(fieldsOf(settings['CloudWatchLoggingOptions'])['Enabled'])) continue;
      yield found(stream, [name, 'CloudWatchLoggingOptions'], 'has no log');
    }
  },
};

function deliveries(
  template: Template,
): readonly (readonly [Resource, string, Readonly<Record<string, unknown>>])[] {
  return ofType(template, 'AWS::KinesisFirehose::DeliveryStream').flatMap((stream) =>
    ['ExtendedS3DestinationConfiguration', 'S3DestinationConfiguration']
      .filter((name) => name in stream.properties)
      .map((name) => [stream, name, fieldsOf(stream.properties[name])] as const),
  );
}

export const databasePublic: Rule = {
  id: 'database-public',
  level: 'error',
  why: 'A database with a public address is tried by everybody who scans the internet.',
  page: 'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html#USER_VPC.Hiding',
  mend: 'Set PubliclyAccessible: false, and let in only the security group of the functions.',
  *check(template) {
    for (const database of ofType(template, 'AWS::RDS::DBInstance', 'AWS::RDS::DBCluster')) {
      if (!isTrue(database.properties['PubliclyAccessible'])) continue;
      yield found(database, ['PubliclyAccessible'], 'has a public address');
    }
    for (const group of ofType(template, 'AWS::EC2::SecurityGroup')) {
      for (const [index, rule] of listOf(group.properties['SecurityGroupIngress']).entries()) {
        if (isOpenDatabase(template, rule))
          yield found(group, ['SecurityGroupIngress', index], 'opens a port of a database to everybody');
      }
    }
  },
};

const databasePorts = [3306, 5432];

function isOpenDatabase(template: Template, rule: unknown): boolean {
  const { CidrIp, CidrIpv6, FromPort, ToPort, IpProtocol } = fieldsOf(rule);
  if (CidrIp !== '0.0.0.0/0' && CidrIpv6 !== '::/0') return false;
  if (String(IpProtocol) === '-1') return true;
  const from = template.number(FromPort, 0) ?? 0;
  const to = template.number(ToPort, 65_535) ?? 0;
  return databasePorts.some((port) => from <= port && port <= to);
}

export const databaseEncryption: Rule = {
  id: 'database-encryption',
  level: 'warning',
  why: 'Whether the storage is encrypted can be said only when a database is made.',
  page: 'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html',
  mend: 'Set StorageEncrypted: true.',
  *check(template) {
    for (const database of ofType(template, 'AWS::RDS::DBInstance', 'AWS::RDS::DBCluster')) {
      const { StorageEncrypted, DBClusterIdentifier, SourceDBInstanceIdentifier } = database.properties;
      // What belongs to a cluster or is made from another has it from there.
      if (isTrue(StorageEncrypted) || DBClusterIdentifier !== undefined || SourceDBInstanceIdentifier)
        continue;
      yield found(database, ['StorageEncrypted'], 'is not encrypted');
    }
  },
};

export const tableRecovery: Rule = {
  id: 'table-recovery',
  level: 'warning',
  why: 'What a wrong run has written over is gone where a table cannot be brought back to the minute before.',
  page: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html',
  mend: 'Set PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }.',
  *check(template) {
    for (const table of ofType(template, 'AWS::DynamoDB::Table')) {
      const said = fieldsOf(table.properties['PointInTimeRecoverySpecification']);
      if (isTrue(said['PointInTimeRecoveryEnabled'])) continue;
      yield found(table, ['PointInTimeRecoverySpecification'], 'cannot be brought back to a moment');
    }
  },
};
