import { type Command, Option } from 'commander';
import { accountOption, offlineOption, type PlaceOptions, regionOption } from '../deploy/stack-options.js';
import { halfOption } from '../half-option.js';
import type { Io } from '../io.js';
import type { SynthOptions } from '../synth-declaration.js';

const examples = `
Examples:
  sluice synth orders.yaml --account 111122223333 --region eu-west-1
  sluice synth orders.yaml --account 111122223333 --out stacks && sluice audit stacks/*.template.json
  sluice synth orders.yaml --permissions --format policy
  sluice synth orders.yaml --permissions --for verify repair

Exit status: 0 written · 2 it cannot be deployed, or a run would be refused`;

export function registerSynth(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('synth')
    .summary('write the stacks that run it on AWS')
    .description(
      'Connects and plans, as plan does; then writes CloudFormation templates, and the code of their functions.',
    )
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--out <folder>', 'where they are written (default: cdk.out beside the file)')
    .addOption(accountOption())
    .addOption(regionOption())
    .addOption(offlineOption())
    .addOption(halfOption())
    .option(
      '--permissions',
      'what whoever deploys it, and whoever runs it there, must be allowed; writes nothing',
    )
    .addOption(
      new Option('--format <format>', 'of --permissions: policy, IAM documents').choices(['text', 'policy']),
    )
    .addOption(
      new Option(
        '--for <command...>',
        'of --permissions: whoever runs it does this, too: verify (and trace), repair (and replay)',
      ).choices(['verify', 'repair']),
    )
    .option('--state <folder>', 'where runs are kept; synth uses none')
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (file: string, options: SynthOptions & PlaceOptions) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { synthDeclaration } = await import('../synth-declaration.js');
      const { functionCode } = await import('../../aws/function-code.js');
      const declaration = await loadDeclaration(file, { env: io.env, cwd: io.cwd });
      const { deployPlace } = await import('../deploy/deploy-place.js');
      const place = await deployPlace(io, options);
      exit(await synthDeclaration(declaration, io, { ...options, ...place }, functionCode));
    });
}
