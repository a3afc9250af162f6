import type { Command } from 'commander';
import {
  accountOption,
  assemblyOption,
  assumeOption,
  type DeployOptions,
  offlineOption,
  type PlaceOptions,
  profileOption,
  regionOption,
  stackOption,
} from '../deploy/stack-options.js';
import { type HalfOption, halfOption } from '../half-option.js';
import type { Io } from '../io.js';

const examples = `
Examples:
  sluice diff orders.yaml
  sluice diff --assembly cdk.out
  sluice diff --assembly cdk.out --json | jq 'select(.event == "diff").permissions.added'

Exit status: 0 nothing would change · 5 something would · 2 refused · 130/143 interrupted`;

export function registerDiff(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('diff')
    .summary('say what deploy would change on AWS')
    .description('Asks CloudFormation what it would change, and shows what would be allowed that is not now.')
    .argument('[file]', 'the declaration, YAML or TypeScript')
    .addOption(assemblyOption())
    .addOption(accountOption())
    .addOption(regionOption())
    .addOption(offlineOption())
    .addOption(halfOption())
    .addOption(stackOption())
    .addOption(profileOption())
    .addOption(assumeOption())
    .option('--state <folder>', 'where runs are kept; diff uses none')
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (file: string | undefined, options: DeployOptions & PlaceOptions & HalfOption) => {
      const { assemblyFor } = await import('../deploy/assembly-for.js');
      const { diffDeclaration } = await import('../deploy/diff-declaration.js');
      const made = await assemblyFor(file, io, options);
      exit('status' in made ? made.status : await diffDeclaration(io, { ...options, assembly: made.folder }));
    });
}
