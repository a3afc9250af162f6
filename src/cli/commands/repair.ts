import type { Command } from 'commander';
import type { Io } from '../io.js';
import { type OnOption, onOption } from '../on-option.js';
import type { RepairOptions } from '../repair-declaration.js';

const examples = `
Examples:
  sluice repair orders.yaml                   says what it would do, then asks
  sluice repair orders.yaml --yes
  sluice repair orders.yaml --on aws          of the deployed pipeline, from here

Takes the newest report of \`sluice verify\`, or verifies first. Writes the rows that are missing or
changed as the source has them now, deletes rows that only the sink has where the mode is
mirror or replace (within deletes.limit), and looks at all of them again.

Exit status: 0 both sides agree · 5 they do not, or it was not let · 2 refused · 4 stopped`;

export function registerRepair(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('repair')
    .summary('mend what verify found')
    .description('Writes what differs between source and sink, and nothing else.')
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--step <name>', 'this step only')
    .option('--yes', 'do it without asking')
    .option('--wait', 'if a run of this pipeline is under way, wait for its end')
    .addOption(onOption())
    .option(
      '--state <place>',
      'where reports are kept: a folder or dynamodb://… (default: .sluice beside the file)',
    )
    .option('--json', 'one JSON event a line')
    .option('--quiet', 'no progress')
    .addHelpText('after', examples)
    .action(async (file: string, options: RepairOptions & OnOption) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { onAws } = await import('../deploy/deployed-pipeline.js');
      const { repairDeclaration } = await import('../repair-declaration.js');
      const declaration = await loadDeclaration(file, { env: io.env });
      exit(await repairDeclaration(declaration, io, await onAws(declaration, io, options)));
    });
}
