import type { Command } from 'commander';
import type { DeployCommandOptions } from '../deploy/deploy-declaration.js';
import {
  accountOption,
  assemblyOption,
  assumeOption,
  minutes,
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
  sluice deploy orders.yaml
  sluice deploy --assembly cdk.out
  sluice deploy --assembly cdk.out --profile 444455556666=reporting     two accounts
  sluice deploy --assembly cdk.out --stack sluice-orders-444455556666   one of the stacks

Stacks are changed through change sets, one after the other; what is unchanged stays untouched.
Ctrl-C stops waiting: CloudFormation finishes by itself, and the same command follows it.

Exit status: 0 deployed, or nothing to do · 2 refused, nothing was changed · 4 a stack failed and
was rolled back · 130/143 interrupted`;

export function registerDeploy(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('deploy')
    .summary('put a pipeline on AWS')
    .description(
      'Creates or updates the CloudFormation stacks of a pipeline, and uploads the code they name.',
    )
    .argument('[file]', 'the declaration, YAML or TypeScript')
    .addOption(assemblyOption())
    .addOption(accountOption())
    .addOption(regionOption())
    .addOption(offlineOption())
    .addOption(halfOption())
    .addOption(stackOption())
    .addOption(profileOption())
    .addOption(assumeOption())
    .option('--yes', 'allow updates that replace or remove what holds data')
    .option('--patience <minutes>', 'wait so long for each stack', minutes, 60)
    .option('--state <folder>', 'where runs are kept; deploy uses none')
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (file: string | undefined, options: DeployCommandOptions & PlaceOptions & HalfOption) => {
      const { assemblyFor } = await import('../deploy/assembly-for.js');
      const { deployDeclaration } = await import('../deploy/deploy-declaration.js');
      const made = await assemblyFor(file, io, options);
      exit(
        'status' in made ? made.status : await deployDeclaration(io, { ...options, assembly: made.folder }),
      );
    });
}
