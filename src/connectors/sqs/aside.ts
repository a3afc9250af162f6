import { createHash } from 'node:crypto';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { SluiceError } from '../../errors.js';
import type { SetAside } from '../queue.js';
import { onlyAllowed } from './envelope.js';
import type { QueueFacts } from './facts.js';
import type { Original, Received } from './received.js';

/** The attribute of a message that was set aside: JSON of `Reason`. */
const REASON_ATTRIBUTE = 'sluice-aside';
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
const MAX_ATTRIBUTES = 10;
/** A reason is shortened to this many characters: every message of ours leaves room for it. */
const MAX_REASON_LENGTH = 300;

/** Why and when a message was set aside. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/**
 * The message as it goes onto the redrive queue: unchanged, with the reason beside what it had. Undefined where the
 * redrive queue would not take it so.
 */
export function asideEntry(received: Received, original: Original, reason: Reason, redrive: QueueFacts) {
  const text = onlyAllowed(
    JSON.stringify({ ...reason, message: reason.message.slice(0, MAX_REASON_LENGTH) }),
  );
  const attributes: Record<string, MessageAttributeValue> = {
    ...original.attributes,
    [REASON_ATTRIBUTE]: { DataType: 'String', StringValue: text },
  };
  const isTooMuch = Object.keys(attributes).length > MAX_ATTRIBUTES;
  if (isTooMuch || sizeOf(original.body, attributes) > redrive.maxMessageBytes) return undefined;
  const id = createHash('sha256').update(received.id).digest('hex');
  return {
    Id: '0',
    MessageBody: original.body,
    MessageAttributes: attributes,
    ...(redrive.isFifo ? { MessageGroupId: id, MessageDeduplicationId: id } : {}),
  };
}

/** SQS counts the name, the type and the value of each attribute with the body. */
function sizeOf(body: string, attributes: Readonly<Record<string, MessageAttributeValue>>): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, { DataType = '', StringValue = '', BinaryValue }] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue);
    bytes += BinaryValue?.length ?? 0;
  }
  return bytes;
}

/** What the redrive queue says of a message; the service itself gives no reason, and no time but that of the sending. */
export function setAsideOf(delivery: Received, original: Original): SetAside {
  const reason = reasonOf(original.attributes[REASON_ATTRIBUTE]?.StringValue);
  if (reason !== undefined) return { delivery, ...reason };
  return {
    delivery,
    code: 'received_too_often',
    message: 'the service gave it up: it was received as often as the redrive policy allows, and not removed',
    at: new Date(original.sentAtMs).toISOString(),
  };
}

function reasonOf(text: string | undefined): Reason | undefined {
  if (text === undefined) return undefined;
  try {
    const { code, message, at } = JSON.parse(text) as Partial<Record<keyof Reason, unknown>>;
    if (typeof code !== 'string' || typeof message !== 'string' || typeof at !== 'string') return undefined;
    return { code, message, at };
  } catch {
    return undefined; // somebody else's attribute of this name: as if it had none
  }
}

/** The queue has nowhere to put a message that cannot be written. */
export function noRedrive(name: string): SluiceError {
  return new SluiceError('queue_missing', `queue ${name} has no redrive queue to set a message aside on`, {
    hint: 'give the queue a redrive policy, or name a queue in `redrive`',
  });
}

/** The redrive queue does not take the message, and the service would not move it by itself. */
export function doesNotFit(name: string): SluiceError {
  return new SluiceError('item_too_large', `a message does not fit onto the redrive queue ${name}`, {
    hint: 'set the maximum message size of the redrive queue to 1048576, or remove the message by hand',
  });
}
