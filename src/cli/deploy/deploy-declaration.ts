import { type Accesses, openAccesses } from '../../aws/deploy/accesses.js';
import type { Assembly } from '../../aws/deploy/assembly.js';
import type { ResourceChange } from '../../aws/deploy/change-set.js';
import { deployAssembly } from '../../aws/deploy/deploy-assembly.js';
import type { StackResult } from '../../aws/deploy/observer.js';
import { findStack } from '../../aws/deploy/own-stack.js';
import { SluiceError } from '../../errors.js';
import { askYes } from '../ask-yes.js';
import { exitStatus } from '../exit-status.js';
import type { Io } from '../io.js';
import { acting } from './acting.js';
import { accessOptions, chosenAssembly } from './chosen-assembly.js';
import { type DeployProgress, deployProgress } from './deploy-progress.js';
import type { DeployOptions } from './stack-options.js';

export interface DeployCommandOptions extends DeployOptions {
  readonly assembly: string;
  readonly yes?: boolean;
  /** Minutes for each stack. */
  readonly patience: number;
}

/** `sluice deploy`: puts the stacks there. Gives the exit status. */
export async function deployDeclaration(io: Io, options: DeployCommandOptions): Promise<number> {
  const json = options.json === true;
  const assembly = await chosenAssembly(options);
  const progress = await deployProgress(io, json);
  return await acting({ io, json, progress, command: 'deploy' }, async (signal) => {
    const accesses = await openAccesses(assembly.stacks, accessOptions(io, options, signal));
    try {
      const results = await deployAssembly(assembly.stacks, accesses, {
        observer: progress,
        signal,
        withinMs: options.patience * 60_000,
        allows: (stack, losses) => allowed(stack, losses, progress, options),
      });
      progress.close();
      await report(assembly, accesses, results, io, json);
      return exitStatus.complete;
    } finally {
      await accesses.close();
    }
  });
}

async function allowed(
  stack: string,
  losses: readonly ResourceChange[],
  progress: DeployProgress,
  { yes, json }: DeployCommandOptions,
): Promise<boolean> {
  for (const { action, resource, type } of losses) {
    const fate = action === 'Remove' ? 'goes' : 'is replaced by an empty one';
    progress.said(stack, `${resource} (${type}) ${fate}, and with it what it holds`);
  }
  if (yes === true) return true;
  if (json === true) return false;
  progress.close();
  return await askYes(`Go on with ${stack}? [y/N] `);
}

async function report(
  { stacks }: Assembly,
  accesses: Accesses,
  results: ReadonlyMap<string, StackResult>,
  io: Io,
  json: boolean,
): Promise<void> {
  const lines: object[] = [];
  for (const stack of stacks) {
    const { name, account, region } = stack;
    const found = await findStack(accesses.of(stack).cloudFormation, name);
    if (!found) throw new SluiceError('stack_failed', `the stack ${name} is gone`);
    const { outputs } = found;
    lines.push({ name, account, region, result: results.get(name), outputs });
    if (!json) for (const [key, value] of Object.entries(outputs)) io.out(`${name}.${key} = ${value}`);
  }
  if (json) io.out(JSON.stringify({ event: 'summary', outcome: 'complete', stacks: lines }));
}
