import * as z from 'zod';

/** How many branches of a `parallel` step run at once. */
export const branchLimit = z
  .int()
  .min(1)
  .max(64)
  .optional()
  .describe('Branches that run at once. Default: all.');
