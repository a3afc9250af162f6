import { resolve } from 'node:path';
import { type Accesses, openAccesses } from '../../aws/deploy/accesses.js';
import { type Doomed, destroyStack, doomedStack, type Kept } from '../../aws/deploy/destroy-stack.js';
import { type NamedStack, namedStacks } from '../../aws/deploy/pipeline-names.js';
import { loadDeclaration } from '../../declare/load.js';
import { SluiceError } from '../../errors.js';
import { askYes } from '../ask-yes.js';
import { exitStatus } from '../exit-status.js';
import type { Io } from '../io.js';
import { acting } from './acting.js';
import { accessOptions, chosenAssembly, chosenStacks } from './chosen-assembly.js';
import { deployPlace } from './deploy-place.js';
import { deployProgress } from './deploy-progress.js';
import type { DeployOptions, PlaceOptions } from './stack-options.js';

export interface DestroyOptions extends DeployOptions, PlaceOptions {
  readonly assembly?: string;
  readonly yes?: boolean;
  /** The journal's table and bucket stay; the next `deploy` takes them up again. */
  readonly keepState?: boolean;
  /** Minutes for each stack. */
  readonly patience: number;
}

/** `sluice destroy`: deletes the stacks, the last first. Gives the exit status. */
export async function destroyDeclaration(
  file: string | undefined,
  io: Io,
  options: DestroyOptions,
): Promise<number> {
  const json = options.json === true;
  const stacks = await stacksOf(file, io, options);
  const progress = await deployProgress(io, json);
  return await acting({ io, json, progress, command: 'destroy' }, async (signal) => {
    const accesses = await openAccesses(stacks, accessOptions(io, options, signal));
    try {
      const doomed = await doomedStacks(stacks, accesses, options.keepState === true);
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

/** A declaration says the names of its stacks: its databases need not be there any more. */
async function stacksOf(
  file: string | undefined,
  io: Io,
  options: DestroyOptions,
): Promise<readonly NamedStack[]> {
  const { assembly, stack } = options;
  if ((file === undefined) === (assembly === undefined)) {
    throw new SluiceError('usage', 'either a declaration or --assembly says what', {
      hint: 'sluice destroy orders.yaml, or sluice destroy --assembly cdk.out',
    });
  }
  if (file === undefined) {
    return (await chosenAssembly({ ...options, assembly: resolve(io.cwd, assembly ?? '') })).stacks;
  }
  const declaration = await loadDeclaration(file, { env: io.env, cwd: io.cwd });
  return chosenStacks(namedStacks(declaration, await deployPlace(io, options)), stack);
}

/** Those that are there, the last first. */
async function doomedStacks(
  stacks: readonly NamedStack[],
  accesses: Accesses,
  keepState: boolean,
): Promise<readonly Doomed[]> {
  const codeBuckets = new Set(stacks.flatMap(({ bucket }) => bucket ?? []));
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
