import type { Command } from 'commander';
import type { Io } from '../io.js';
import { type OnOption, onOption } from '../on-option.js';
import type { ReplayOptions } from '../replay-rejects.js';

const examples = `
Examples:
  sluice replay orders.yaml --dry-run                   what would be sent again
  sluice replay orders.yaml
  sluice replay orders.yaml --where reason=foreign_key
  sluice replay hits.yaml --on aws                      also changes that Lambda or Firehose put aside

Exit status: 0 nothing is left · 3 some were refused again and stay · 2 refused before any
write · 4 stopped; replay again goes on`;

export function registerReplay(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('replay')
    .summary('send rejected rows again')
    .description(
      'Sends rejected rows through the present declaration. Each is written once, however often you replay.',
    )
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--step <name>', 'of this step only')
    .option('--where <field=value>', 'only those with this reason, column or run')
    .option('--dry-run', 'say what would be sent; write nothing')
    .option('--discard', 'give them up instead of sending them; what is on a redrive queue goes')
    .option('--wait', 'if a run of this pipeline is under way, wait for its end')
    .addOption(onOption())
    .option(
      '--state <place>',
      'where runs and rejects are kept: a folder or dynamodb://… (default: .sluice beside the file)',
    )
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (file: string, options: ReplayOptions & OnOption) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { asidePlaces, onAws } = await import('../deploy/deployed-pipeline.js');
      const { replayAll } = await import('../replay-rejects.js');
      const declaration = await loadDeclaration(file, { env: io.env });
      const deployed = await onAws(declaration, io, options);
      const aside = options.on === undefined ? undefined : await asidePlaces(declaration, io);
      exit(await replayAll(declaration, io, { ...deployed, ...(aside ? { aside } : {}) }));
    });
}
