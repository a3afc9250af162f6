import type { AccessOptions } from '../../aws/deploy/account-access.js';
import { type Assembly, readAssembly } from '../../aws/deploy/assembly.js';
import type { CallContext } from '../../connectors/aws-calls.js';
import { retry } from '../../engine/retry.js';
import { SluiceError } from '../../errors.js';
import type { Io } from '../io.js';
import type { DeployOptions } from './stack-options.js';

/** The assembly with the stacks that are asked for. Throws `usage` where one is not there. */
export async function chosenAssembly(
  options: DeployOptions & { readonly assembly: string },
): Promise<Assembly> {
  const assembly = await readAssembly(options.assembly);
  return { ...assembly, stacks: chosenStacks(assembly.stacks, options.stack) };
}

/** Those that are asked for; all where none is named. Throws `usage` where one is not there. */
export function chosenStacks<Stack extends { readonly name: string }>(
  stacks: readonly Stack[],
  names: readonly string[] | undefined,
): readonly Stack[] {
  if (names === undefined) return stacks;
  const missing = names.find((name) => !stacks.some((stack) => stack.name === name));
  if (missing === undefined) return stacks.filter(({ name }) => names.includes(name));
  throw new SluiceError('usage', `there is no stack ${missing}`, {
    hint: `the stacks are: ${stacks.map(({ name }) => name).join(', ')}`,
  });
}

/** Calls of AWS are tried again for so long. */
const PATIENCE_MS = 2 * 60_000;

export function accessOptions(io: Io, options: DeployOptions, signal: AbortSignal): AccessOptions {
  const { profile = new Map(), assume = new Map() } = options;
  return { env: io.env, context: callContext(signal), profiles: profile, roles: assume };
}

export function callContext(signal: AbortSignal): CallContext {
  return { signal, retry: (call) => retry(call, PATIENCE_MS, signal) };
}
