import * as z from 'zod';

/** Pipelines, steps and connections: names that are also names of files, of AWS resources and of states. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'not a name: names have 1 to 64 letters, digits, _ and -');

/** A number of rows, or a share of them. */
export const limit = z.union(
  [z.int().min(0), z.string().regex(/^(100|\d{1,2}(\.\d+)?)%$/, 'not a share: one looks like 1%')],
  {
    error: 'expected a number of rows or a share: 100, or "1%"',
  },
);
