import { isAbsolute } from 'node:path';
import { SluiceError } from '../errors.js';
import type { OrEnv } from './environment.js';

type Environment = Readonly<Record<string, string | undefined>>;

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
    hint: `export ${name}=…`,
  });
}
