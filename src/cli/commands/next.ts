import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { NextOptions } from '../next-firings.js';

const examples = `
Examples:
  sluice next orders.yaml                              the next five firings
  sluice next orders.yaml -n 3 --from 2027-03-13       over the day that clocks change
  sluice next orders.yaml --json | jq -r .time`;

export function registerNext(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('next')
    .summary('when a pipeline fires next')
    .description(
      "Shows the next firings in the schedule's zone, here and in UTC, and what becomes of times that the clock skips or shows twice.",
    )
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('-n <count>', 'so many', Number, 5)
    .option('--from <time>', 'from this time on: in the zone, or with Z or an offset (default: now)')
    .option(
      '--state <place>',
      'where runs are kept: a folder or dynamodb://… (default: .sluice beside the file)',
    )
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (file: string, options: NextOptions) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { showNext } = await import('../next-firings.js');
      exit(await showNext(await loadDeclaration(file, { env: io.env, cwd: io.cwd }), io, options));
    });
}
