import * as z from 'zod';
import { endpoint, region, role } from '../../connectors/aws-options.js';
import { instantOf } from '../../expression/fields.js';
import type { CallFunction } from '../declaration.js';
import { duration, longDuration } from './duration.js';
import { name } from './names.js';
import { stepFields } from './step-fields.js';

const MAX_ARGUMENTS = 100;

export const waitFields = {
  ...stepFields,
  wait: name.describe('The name of the step, unique in the pipeline.'),
  for: longDuration.optional().describe('How long: seconds, or "5m", "2h", "1d".'),
  until: z
    .string()
    .refine((text) => instantOf(text) !== undefined, 'not an instant: one looks like 2026-12-01T06:00:00Z')
    .optional()
    .describe('Until when, in UTC: "2026-12-01T06:00:00Z".'),
};

const names = z.union([name, z.array(name).min(1)], {
  error: 'expected the name of a copy, or a list of them',
});

export const verifyFields = {
  ...stepFields,
  verify: name.describe('The name of the step, unique in the pipeline.'),
  of: names.describe('The copies whose two sides are compared: a name, or a list.'),
  sample: z.int().min(1).optional().describe('Compare so many rows of each copy only.'),
};

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const functionArn = z
  .string()
  .regex(
    /^arn:aws(-[a-z]+)*:lambda:[a-z]{2,4}(-[a-z]+)+-\d{1,2}:\d{12}:function:[A-Za-z0-9_-]{1,64}(:(\$LATEST|[A-Za-z0-9_-]{1,128}))?$/,
    'not the ARN of a function: one looks like arn:aws:lambda:eu-west-1:111122223333:function:notify',
  );

const command = z
  .array(z.string().min(1))
  .min(1)
  .max(MAX_ARGUMENTS)
  .describe(
    "A command and its arguments, without a shell, in the declaration's folder: the input is on stdin, a JSON object on stdout is the output.",
  );

export const callFields = {
  ...stepFields,
  call: name.describe('The name of the step, unique in the pipeline.'),
  run: command.optional(),
  function: functionArn
    .optional()
    .describe('The ARN of a Lambda function: called when deployed, and from here when there is no `run`.'),
  region: region.optional(),
  role: role.optional(),
  endpoint: endpoint.optional().describe('Where Lambda is, for an emulator or a VPC endpoint. Default: AWS.'),
  input: z
    .json()
    .optional()
    .describe(
      'What is called gets this as JSON. A text "{{ steps[\'orders\'].written }}" is replaced by the value.',
    ),
  timeout: duration.optional().describe('How long the call may take: seconds, or "5m". Default 15m.'),
};

const onFailure = z.unknown().optional();

export const wait = z.strictObject({ ...waitFields, onFailure });
export const verify = z.strictObject({ ...verifyFields, onFailure });
export const call = z.strictObject({
  ...callFields,
  run: z
    .union([command, z.custom<CallFunction>((value) => typeof value === 'function', 'not a function')], {
      error: 'expected a command as a list: ["./notify.sh", "--done"]',
    })
    .optional(),
  input: z.unknown().optional(),
  onFailure,
});

export type CallOptions = z.infer<typeof call>;
