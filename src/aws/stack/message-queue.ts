import { type MadeQueueNames, madeQueue, madeRedriveName } from '../../connectors/made-queue.js';
import type { ConnectionDeclaration } from '../../declare/declaration.js';
import { arnOf, given, type Resources } from '../template/template.js';
import { metadataOf } from '../template/waivers.js';
import { asideQueueResources, ownKey, queuePolicy } from './queue.js';
import { arn, roleName, type Site, tagsOf } from './site.js';

export interface MessageQueueRequest {
  /** What the logical names begin with: `ReceiveUsers`. */
  readonly logical: string;
  readonly connection: ConnectionDeclaration;
  /** ARN of the one role that may send. */
  readonly sender: string;
  readonly visibilitySeconds: number;
}

/** The queue of a copy, and the one where messages are set aside that cannot be written. */
export function messageQueueResources(site: Site, request: MessageQueueRequest): Resources {
  const { logical, connection, sender, visibilitySeconds } = request;
  const name = queueName(connection);
  const redrive = madeRedriveName(connection as MadeQueueNames);
  const { retentionSeconds, redriveRetentionSeconds, maxMessageBytes, maxReceives } = madeQueue;
  const fifo = name.endsWith('.fifo') ? true : undefined;
  const own = { MaximumMessageSize: maxMessageBytes, FifoQueue: fifo };
  const rows = 'rows on their way; a queue of your own may have a key of KMS';
  return {
    [`${logical}Queue`]: {
      Type: 'AWS::SQS::Queue',
      ...metadataOf(ownKey(rows)),
      Properties: given({
        QueueName: name,
        VisibilityTimeout: visibilitySeconds,
        MessageRetentionPeriod: retentionSeconds,
        SqsManagedSseEnabled: true,
        RedrivePolicy: {
          deadLetterTargetArn: arnOf(`${logical}Redrive`),
          maxReceiveCount: maxReceives,
        },
        ...own,
        Tags: tagsOf(site),
      }),
    },
    [`${logical}QueuePolicy`]: queuePolicy(site, `${logical}Queue`, name, [
      senderStatement(site, name, sender),
    ]),
    ...asideQueueResources(site, `${logical}Redrive`, {
      name: redrive,
      holds: rows,
      more: given({
        MessageRetentionPeriod: redriveRetentionSeconds,
        RedriveAllowPolicy: { redrivePermission: 'byQueue', sourceQueueArns: [arn(site, 'sqs', name)] },
        ...own,
      }),
    }),
  };
}

/** The root of the role's account is named, since a role that is not there yet is refused; the condition leaves the one role. */
function senderStatement(site: Site, name: string, sender: string) {
  const [, , , , account = site.account] = sender.split(':');
  return {
    Sid: 'OneSender',
    Effect: 'Allow',
    Principal: { AWS: `arn:${site.partition}:iam::${account}:root` },
    Action: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'],
    Resource: arn(site, 'sqs', name),
    Condition: { ArnEquals: { 'aws:PrincipalArn': sender } },
  };
}

export function queueName({ queue }: ConnectionDeclaration): string {
  return String(queue);
}

/**
 * Who sends: as declared, a role or the account of a deployed pipeline; else the role that the connection works as; else
 * the function of the step beside it. `function`: the end of that one's name.
 */
export function senderOf(site: Site, { sender, role }: ConnectionDeclaration, functionEnd: string): string {
  const named = sender ?? role;
  if (typeof named === 'string' && named.startsWith('arn:')) return named;
  const account = typeof named === 'string' ? named : site.account;
  return `arn:${site.partition}:iam::${account}:role/${roleName(site, functionEnd)}`;
}
