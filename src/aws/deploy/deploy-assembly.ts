import type { Accesses } from './accesses.js';
import type { AssemblyStack } from './assembly.js';
import { type DeployStackOptions, deployStack } from './deploy-stack.js';
import type { StackResult } from './observer.js';
import { uploadAssets } from './upload-assets.js';

export type DeployOptions = Omit<DeployStackOptions, 'access'>;

/** Puts the stacks there, one after the other: each stack's assets are in their bucket before it. */
export async function deployAssembly(
  stacks: readonly AssemblyStack[],
  accesses: Accesses,
  options: DeployOptions,
): Promise<ReadonlyMap<string, StackResult>> {
  const results = new Map<string, StackResult>();
  for (const stack of stacks) {
    options.signal.throwIfAborted();
    const access = accesses.of(stack);
    await uploadAssets(access, stack, options.observer);
    results.set(stack.name, await deployStack(stack, { ...options, access }));
  }
  return results;
}
