import type { Command } from 'commander';
import {
  assemblyOption,
  assumeOption,
  type DeployOptions,
  profileOption,
  stackOption,
} from '../deploy/stack-options.js';
import type { Io } from '../io.js';

const examples = `
Examples:
  sluice diff --assembly cdk.out
  sluice diff --assembly cdk.out --json | jq 'select(.event == "diff").permissions.added'

Exit status: 0 nothing would change · 5 something would · 2 refused · 130/143 interrupted`;

export function registerDiff(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('diff')
    .summary('say what deploy would change on AWS')
    .description('Asks CloudFormation what it would change, and shows what would be allowed that is not now.')
    .addOption(assemblyOption())
    .addOption(stackOption())
    .addOption(profileOption())
    .addOption(assumeOption())
    .option('--state <folder>', 'where runs are kept; diff uses none')
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (options: DeployOptions) => {
      const { diffDeclaration } = await import('../deploy/diff-declaration.js');
      exit(await diffDeclaration(io, options));
    });
}
