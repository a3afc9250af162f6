import type { LocalSqs } from '../sqs.js';

const INBOX = 'customers-inbox';

/** The queue of the sample, with a redrive queue, as its owner would make it. */
export async function makeInbox({ endpoint, region }: LocalSqs): Promise<void> {
  const call = async (action: string, body: object): Promise<Record<string, unknown>> => {
    const credential = `demo/20260101/${region}/sqs/aws4_request`;
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${action}`,
        authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${action} answered ${response.status}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
  const { QueueUrl } = await call('CreateQueue', { QueueName: `${INBOX}-redrive` });
  const { Attributes } = await call('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] });
  const { QueueArn: deadLetterTargetArn } = Attributes as { readonly QueueArn: string };
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 5 });
  await call('CreateQueue', { QueueName: INBOX, Attributes: { RedrivePolicy } });
}
