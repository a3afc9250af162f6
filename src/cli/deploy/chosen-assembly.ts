import { resolve } from 'node:path';
import type { AccessOptions } from '../../aws/deploy/account-access.js';
import { type Assembly, readAssembly } from '../../aws/deploy/assembly.js';
import type { CallContext } from '../../connectors/aws-calls.js';
import { retry } from '../../engine/retry.js';
import { SluiceError } from '../../errors.js';
import type { Io } from '../io.js';
import type { DeployOptions } from './stack-options.js';

/** The assembly with the stacks that are asked for. Throws `usage` where one is not there. */
export async function chosenAssembly(io: Io, options: DeployOptions): Promise<Assembly> {
  const assembly = await readAssembly(resolve(io.cwd, options.assembly));
  const { stack: names } = options;
  if (names === undefined) return assembly;
  const missing = names.find((name) => !assembly.stacks.some((stack) => stack.name === name));
  if (missing !== undefined) {
    throw new SluiceError('usage', `there is no stack ${missing}`, {
      hint: `the stacks are: ${assembly.stacks.map(({ name }) => name).join(', ')}`,
    });
  }
  const stacks = assembly.stacks.filter(({ name }) => names.includes(name));
  return { ...assembly, stacks };
}

/** Calls of AWS are tried again for so long. */
const PATIENCE_MS = 2 * 60_000;

export function accessOptions(io: Io, options: DeployOptions, signal: AbortSignal): AccessOptions {
  const { profile = new Map(), assume = new Map() } = options;
  return { env: io.env, context: callContext(signal), profiles: profile, roles: assume };
}

function callContext(signal: AbortSignal): CallContext {
  return { signal, retry: (call) => retry(call, PATIENCE_MS, signal) };
}
