import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { RunsOptions } from '../list-runs.js';
import { type OnOption, onOption } from '../on-option.js';

const examples = `
Examples:
  sluice runs orders.yaml                  newest first
  sluice runs orders.yaml 20261120t060000  one run, step by step (the beginning of its name will do)
  sluice runs orders.yaml --on aws         those of the deployed pipeline

Exit status: 0 listed · 2 no run has this name, or nothing is deployed`;

export function registerRuns(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('runs')
    .summary('what ran, when, and what came of it')
    .description('Lists the runs of a pipeline, newest first.')
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .argument('[run]', 'show this run step by step')
    .option('-n <count>', 'at most so many', Number, 20)
    .addOption(onOption())
    .option(
      '--state <place>',
      'where runs are kept: a folder or dynamodb://… (default: .sluice beside the file)',
    )
    .option('--json', 'one JSON line for each run')
    .addHelpText('after', examples)
    .action(async (file: string, run: string | undefined, options: RunsOptions & OnOption) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { onAws } = await import('../deploy/deployed-pipeline.js');
      const { listRuns } = await import('../list-runs.js');
      const { endingsOn } = await import('../deploy/execution-ending.js');
      const declaration = await loadDeclaration(file, { env: io.env });
      const asked = await onAws(declaration, io, options);
      exit(await listRuns(declaration, run, io, { ...asked, ...endingsOn(options, io) }));
    });
}
