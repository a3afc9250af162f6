import * as z from 'zod';
import { retryCodes } from '../../errors.js';

const retry = z
  .strictObject({
    attempts: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe('How often the step is started at most. Default 1.'),
    backoff: z
      .number()
      .min(1)
      .max(60)
      .optional()
      .describe('The n-th wait between two starts is this to the power of n, in seconds. Default 2.'),
    on: z
      .array(z.enum(retryCodes))
      .min(1)
      .optional()
      .describe('Only after failures with these codes. Default: after every one that may pass.'),
  })
  .describe('Start the whole step again when it failed.');

/** What every kind of step may have, but `onFailure`, whose steps are read one by one. */
export const stepFields = {
  when: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The step is skipped unless this is true: "steps[\'orders\'].written > 0 && firing.hour < 6". See docs/steps.md.',
    ),
  retry: retry.optional(),
};

const step = z.object(stepFields);
export type StepOptions = z.infer<typeof step>;
