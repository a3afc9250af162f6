import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { RejectsOptions } from '../list-rejects.js';
import { type OnOption, onOption } from '../on-option.js';

const examples = `
Examples:
  sluice rejects orders.yaml                            how many, by step and reason
  sluice rejects orders.yaml --where reason=value_range --show
  sluice rejects orders.yaml --json                     a line per reject
  sluice rejects orders.yaml --on aws                   of the deployed pipeline, with what its queues set aside

The rejects are those of each step's newest run: a run reads its source anew, so that older
rejects say nothing about the sink any more.

Exit status: 0 listed, whether there are any or none · 2 refused`;

export function registerRejects(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('rejects')
    .summary('the rows that were refused, and why')
    .description('Lists the rows that the newest run refused and that no replay has settled since.')
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--step <name>', 'of this step only')
    .option('--where <field=value>', 'only those with this reason, column or run')
    .option('--show', 'each reject with its key and its row, on the screen')
    .addOption(onOption())
    .option(
      '--state <place>',
      'where runs and rejects are kept: a folder or dynamodb://… (default: .sluice beside the file)',
    )
    .option('--json', 'one JSON line for each reject')
    .addHelpText('after', examples)
    .action(async (file: string, options: RejectsOptions & OnOption) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { onAws } = await import('../deploy/deployed-pipeline.js');
      const { listRejects } = await import('../list-rejects.js');
      const declaration = await loadDeclaration(file, { env: io.env });
      exit(await listRejects(declaration, io, await onAws(declaration, io, options)));
    });
}
