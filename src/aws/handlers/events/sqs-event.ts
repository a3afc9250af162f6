import type { HandedMessage } from '../../../flow/handed/open-receiver.js';

/**
 * What Lambda hands a function for messages of a queue.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
 */
export interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}

export interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody?: string;
  /** Of a FIFO queue also `MessageGroupId`. */
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly messageAttributes?: Readonly<Record<string, SqsAttribute>>;
}

interface SqsAttribute {
  readonly dataType: string;
  readonly stringValue?: string;
  /** Base64. */
  readonly binaryValue?: string;
}

/**
 * The messages that are to come again; the service takes all others off the queue.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export function messagesOf({ Records }: SqsEvent): readonly HandedMessage[] {
  return Records.map((record) => {
    const { messageId, receiptHandle, body, md5OfBody, attributes, messageAttributes = {} } = record;
    // A standard queue has groups as well, and keeps no order in them.
    const isOrdered = attributes['SequenceNumber'] !== undefined;
    const group = isOrdered ? attributes['MessageGroupId'] : undefined;
    return {
      id: messageId,
      receipt: receiptHandle,
      body,
      ...(md5OfBody === undefined ? {} : { md5: md5OfBody }),
      receives: Number(attributes['ApproximateReceiveCount'] ?? 1),
      sentAtMs: Number(attributes['SentTimestamp'] ?? 0),
      attributes: Object.fromEntries(
        Object.entries(messageAttributes).map(([name, one]) => [name, beside(one)]),
      ),
      ...(group === undefined ? {} : { group }),
    };
  });
}

function beside({ dataType, stringValue, binaryValue }: SqsAttribute): HandedMessage['attributes'][string] {
  return {
    type: dataType,
    ...(stringValue === undefined ? {} : { text: stringValue }),
    ...(binaryValue === undefined ? {} : { bytes: Buffer.from(binaryValue, 'base64') }),
  };
}

export function batchAnswer(again: readonly string[]): BatchAnswer {
  return { batchItemFailures: again.map((itemIdentifier) => ({ itemIdentifier })) };
}
