import { isAbsolute } from 'node:path';
import * as z from 'zod';
import { SluiceError } from '../errors.js';

/** A value of a connection, or the name of the environment variable that holds it. */
export type OrEnv<T> = T | { readonly env: string };

type Environment = Readonly<Record<string, string | undefined>>;

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

/** The text itself, or that of the variable it names. Throws `env_missing` where the variable is not set. */
export function textFrom(value: OrEnv<string> | undefined, env: Environment): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return variable(value.env, env);
}

/** The path itself, or that of the variable it names. Throws where that is not absolute: nobody could say from where it leads. */
export function pathFrom(value: OrEnv<string>, env: Environment): string {
  if (typeof value === 'string') return value;
  const path = variable(value.env, env);
  if (isAbsolute(path)) return path;
  throw new SluiceError('declaration_invalid', `${value.env} is not an absolute path`, {
    hint: 'a path of the environment begins with /',
  });
}

/** The port itself, or that of the variable it names. Throws where that is not a port. */
export function portFrom(value: OrEnv<number> | undefined, env: Environment): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  const port = Number(variable(value.env, env));
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new SluiceError('declaration_invalid', `${value.env} is not a port`, {
    hint: 'a port is a whole number from 1 to 65535',
  });
}

function variable(name: string, env: Environment): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new SluiceError('env_missing', `the environment variable ${name} is not set`, {
    hint: `export ${name}=…, or write the value into the declaration`,
  });
}
