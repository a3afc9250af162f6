import * as z from 'zod';

/** A value of a connection, or the name of the environment variable that holds it. */
export type OrEnv<T> = T | { readonly env: string };

/** `{ env: NAME }`. */
export const environmentReference = z.strictObject({
  env: z
    .string()
    .regex(
      /^[A-Za-z_][A-Za-z0-9_]*$/,
      'not the name of an environment variable: one looks like SHOP_PASSWORD',
    )
    .describe('The name of an environment variable.'),
});

/** Lets the schema of a connection's field also accept `{ env: NAME }`. */
export function orEnv<T extends z.ZodType>(schema: T): z.ZodUnion<readonly [T, typeof environmentReference]> {
  return z.union([schema, environmentReference]);
}
