import { openAccesses } from '../../aws/deploy/accesses.js';
import { diffStack, type StackDiff } from '../../aws/deploy/diff-stack.js';
import { exitStatus } from '../exit-status.js';
import type { Io } from '../io.js';
import { acting } from './acting.js';
import { accessOptions, chosenAssembly } from './chosen-assembly.js';
import { deployProgress } from './deploy-progress.js';
import { diffText } from './diff-text.js';
import type { DeployOptions } from './stack-options.js';

/** `sluice diff`: what `deploy` would change. Gives the exit status: 5 where there is something. */
export async function diffDeclaration(
  io: Io,
  options: DeployOptions & { readonly assembly: string },
): Promise<number> {
  const json = options.json === true;
  const { stacks } = await chosenAssembly(options);
  const progress = await deployProgress(io, json);
  return await acting({ io, json, progress, command: 'diff' }, async (signal) => {
    const accesses = await openAccesses(stacks, accessOptions(io, options, signal));
    try {
      let changed = 0;
      for (const stack of stacks) {
        const diff = await diffStack(stack, accesses.of(stack), signal);
        if (isDifferent(diff)) changed++;
        io.out(json ? JSON.stringify({ event: 'diff', ...diff }) : diffText(diff, io));
      }
      if (json) io.out(JSON.stringify({ event: 'summary', outcome: changed > 0 ? 'different' : 'equal' }));
      return changed > 0 ? exitStatus.different : exitStatus.complete;
    } finally {
      await accesses.close();
    }
  });
}

function isDifferent({ isNew, changes }: StackDiff): boolean {
  return isNew || changes.length > 0;
}
