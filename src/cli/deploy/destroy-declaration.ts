import { type Accesses, openAccesses } from '../../aws/deploy/accesses.js';
import type { Assembly } from '../../aws/deploy/assembly.js';
import { type Doomed, destroyStack, doomedStack, type Kept } from '../../aws/deploy/destroy-stack.js';
import { SluiceError } from '../../errors.js';
import { askYes } from '../ask-yes.js';
import { exitStatus } from '../exit-status.js';
import type { Io } from '../io.js';
import { acting } from './acting.js';
import { accessOptions, chosenAssembly } from './chosen-assembly.js';
import { deployProgress } from './deploy-progress.js';
import type { DeployOptions } from './stack-options.js';

export interface DestroyOptions extends DeployOptions {
  readonly yes?: boolean;
  /** The journal's table and bucket stay; the next `deploy` takes them up again. */
  readonly keepState?: boolean;
  /** Minutes for each stack. */
  readonly patience: number;
}

/** `sluice destroy`: deletes the stacks, the last first. Gives the exit status. */
export async function destroyDeclaration(io: Io, options: DestroyOptions): Promise<number> {
  const json = options.json === true;
  const assembly = await chosenAssembly(io, options);
  const progress = await deployProgress(io, json);
  return await acting({ io, json, progress, command: 'destroy' }, async (signal) => {
    const accesses = await openAccesses(assembly.stacks, accessOptions(io, options, signal));
    try {
      const doomed = await doomedStacks(assembly, accesses, options.keepState === true);
      for (const one of doomed) announce(one, io, json);
      if (doomed.length > 0) await agreed(options);
      const kept: Kept[] = [];
      for (const one of doomed) {
        signal.throwIfAborted();
        const work = { access: accesses.of(one.stack), observer: progress, signal };
        kept.push(...(await destroyStack(one, { ...work, withinMs: options.patience * 60_000 })));
        progress.ended(one.stack.name, 'deleted');
      }
      progress.close();
      report(doomed, kept, io, json);
      return exitStatus.complete;
    } finally {
      await accesses.close();
    }
  });
}

/** Those that are there, the last first. */
async function doomedStacks(
  { stacks }: Assembly,
  accesses: Accesses,
  keepState: boolean,
): Promise<readonly Doomed[]> {
  const codeBuckets = new Set(stacks.flatMap(({ assets }) => assets.map(({ bucket }) => bucket)));
  const found: Doomed[] = [];
  for (const stack of stacks.toReversed()) {
    const access = accesses.of(stack);
    const doomed = await doomedStack(stack, { access }, { keepState, codeBuckets });
    if (doomed) found.push(doomed);
  }
  return found;
}

function announce({ stack, found, holdings }: Doomed, io: Io, json: boolean): void {
  const { name, account, region } = stack;
  if (json) {
    io.out(JSON.stringify({ event: 'doomed', name, account, region, resources: found.resources, holdings }));
    return;
  }
  io.err(`${name} in ${account}, ${region}: ${found.resources} resources`);
  for (const { physicalId, type, fate } of holdings) {
    io.err(`  ${fate === 'goes' ? 'with all it holds: ' : 'stays: '}${physicalId} (${type})`);
  }
}

async function agreed({ yes, json }: DestroyOptions): Promise<void> {
  if (yes === true) return;
  if (json !== true && (await askYes('Delete this? [y/N] '))) return;
  throw new SluiceError('usage', 'nothing was deleted: nobody said yes', {
    hint: '--yes says so on the command line',
  });
}

function report(doomed: readonly Doomed[], kept: readonly Kept[], io: Io, json: boolean): void {
  if (json) {
    const stacks = doomed.map(({ stack }) => ({ name: stack.name, result: 'deleted' }));
    io.out(JSON.stringify({ event: 'summary', outcome: 'complete', stacks, kept }));
    return;
  }
  if (doomed.length === 0) io.out('nothing is deployed');
  for (const { type, physicalId } of kept) io.out(`kept: ${physicalId} (${type})`);
}
