import type { Command } from 'commander';
import type { DestroyOptions } from '../deploy/destroy-declaration.js';
import {
  accountOption,
  assemblyOption,
  assumeOption,
  minutes,
  profileOption,
  regionOption,
  stackOption,
} from '../deploy/stack-options.js';
import type { Io } from '../io.js';

const examples = `
Examples:
  sluice destroy orders.yaml
  sluice destroy --assembly cdk.out                 shows what would go, and asks
  sluice destroy --assembly cdk.out --keep-state    runs and rejects stay for the next deploy

Only what the stacks have is deleted: never a table, a bucket or a queue that a pipeline reads or
writes by its declaration.

Exit status: 0 deleted, or nothing was there · 2 refused, nothing was changed · 4 a stack could not be
deleted · 130/143 interrupted`;

export function registerDestroy(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('destroy')
    .summary('take a pipeline off AWS')
    .description('Deletes the stacks of a pipeline with all they hold.')
    .argument('[file]', 'the declaration, YAML or TypeScript')
    .addOption(assemblyOption())
    .addOption(accountOption())
    .addOption(regionOption())
    .addOption(stackOption())
    .addOption(profileOption())
    .addOption(assumeOption())
    .option('--keep-state', 'keep the tables and buckets of runs and rejects; the next deploy takes them up')
    .option('--yes', 'do not ask')
    .option('--patience <minutes>', 'wait so long for each stack', minutes, 60)
    .option('--state <folder>', 'where runs are kept; destroy uses none')
    .option('--json', 'one JSON event a line; with --yes')
    .addHelpText('after', examples)
    .action(async (file: string | undefined, options: DestroyOptions) => {
      const { destroyDeclaration } = await import('../deploy/destroy-declaration.js');
      exit(await destroyDeclaration(file, io, options));
    });
}
