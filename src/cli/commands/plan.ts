import { type Command, Option } from 'commander';
import { halfOption } from '../half-option.js';
import type { Io } from '../io.js';
import type { PlanOptions } from '../plan-declaration.js';

const examples = `
Examples:
  sluice plan orders.yaml
  sluice plan orders.yaml --permissions --for verify
  sluice plan orders.yaml --permissions --format policy
  sluice plan orders.yaml --json | jq 'select(.event == "plan").columns'

Exit status: 0 it can run · 2 it would be refused`;

export function registerPlan(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('plan')
    .summary('say what a run will do; write nothing')
    .description(
      "Connects, reads schemas, and shows each column's journey, size, cost, refusals and permissions.",
    )
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--step <name>', 'this step only')
    .addOption(halfOption())
    .option('--at <time>', 'as a run for the firing at this time would be')
    .option('--from <time>', 'with --to: as the first run of this range would be')
    .option('--to <time>', 'see --from')
    .option('--full', 'as a run with --full would be')
    .option(
      '--state <place>',
      'where runs are kept: a folder or dynamodb://… (default: .sluice beside the file); plan writes nothing there',
    )
    .option(
      '--permissions',
      'what each role, and each user of MySQL, must be allowed; with --json as events, with --format for use',
    )
    .addOption(
      new Option(
        '--format <format>',
        'of --permissions: policy, IAM documents; grants, SQL for MySQL',
      ).choices(['text', 'policy', 'grants']),
    )
    .addOption(
      new Option('--for <command...>', 'of --permissions: what these commands need besides a run').choices([
        'verify',
        'repair',
      ]),
    )
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (file: string, options: PlanOptions) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { planDeclaration } = await import('../plan-declaration.js');
      exit(await planDeclaration(await loadDeclaration(file, { env: io.env }), io, options));
    });
}
