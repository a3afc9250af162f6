import * as z from 'zod';
import { endpoint, passingObjects, region, role } from '../aws-options.js';

export const title = 'SQS';

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html */
const queueName = z
  .string()
  .regex(
    /^(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?$/,
    'not the name of a queue: up to 80 of letters, digits, _ and -',
  );

const queueUrl = endpoint.refine((text) => queuePath.test(text), {
  error: 'not the URL of a queue: it ends with the account and the name, as in …/111122223333/inbox',
});
const queuePath = /\/\d{12}\/[A-Za-z0-9_-]+(\.fifo)?$/;

const accountNumber = z.string().regex(/^\d{12}$/, 'not an AWS account: one has 12 digits, in quotes');

const large = z.union(
  [
    z.literal('refuse'),
    z.strictObject(passingObjects('The bucket that holds what is too large for a message.', 'the queue')),
  ],
  { error: 'expected refuse or a bucket: one looks like { bucket: my-rows }' },
);

export const connection = z.strictObject({
  kind: z.literal('sqs').describe('An SQS queue between a source and a sink, for `via`.'),
  queue: queueName.optional().describe('The name of the queue.'),
  url: queueUrl
    .optional()
    .describe('The URL of the queue, instead of `queue`: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME.'),
  account: accountNumber
    .optional()
    .describe('The account that owns the queue. Default: that of the credentials or the role.'),
  region: region.optional(),
  endpoint: endpoint
    .optional()
    .describe('For an emulator, http://127.0.0.1:4566, or a VPC endpoint. Default: AWS.'),
  role: role.optional(),
  redrive: z
    .union([queueName, queueUrl], { error: 'expected the name or the URL of a queue' })
    .optional()
    .describe('The queue for messages that cannot be written. Default: that of the redrive policy.'),
  create: z
    .literal(true)
    .optional()
    .describe('sluice deploy makes the queue and its redrive queue. Left out: they are there.'),
  sender: z
    .union([accountNumber, role], { error: 'expected an account in quotes, or the ARN of a role' })
    .optional()
    .describe(
      'Who may send to a queue that deploy makes: the account whose deployed pipeline sends, or a role. Default: the role of this connection, else of the pipeline beside it.',
    ),
  /** Rows whose message would be larger than the queue takes. */
  large: large
    .optional()
    .describe('refuse (default): rows too large for a message are rejects. { bucket }: they go through S3.'),
});

export type SqsConnectionOptions = z.infer<typeof connection>;
/** Where rows go that are too large for a message. */
export type LargeOptions = Exclude<z.infer<typeof large>, 'refuse'>;
