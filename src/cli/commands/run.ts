import { type Command, Option } from 'commander';
import { SluiceError } from '../../errors.js';
import type { AwsRunOptions } from '../deploy/run-on-aws.js';
import { halfOption } from '../half-option.js';
import type { Io } from '../io.js';

const examples = `
Examples:
  sluice run orders.yaml                      bars on a terminal, a table at the end
  sluice run orders.yaml --step orders-out    one step of it, whatever its \`when\` says
  sluice run orders.yaml --at 2026-11-01T06:00    for a past firing of its schedule
  sluice run orders.yaml --from 2026-11-01 --to 2026-11-08    for each of a range
  sluice run users.yaml --only send           of copies through a queue: fill it …
  sluice run users.yaml --only receive --drain    … and, perhaps elsewhere, empty it
  sluice run hits.yaml --drain                follow changes until all are done, then end
  sluice run orders.yaml --on aws             start it where it is deployed, and follow it
  sluice run orders.yaml --json | jq .        one event a line, a summary at the end

Steps, branches, conditions, failures, waits and calls: docs/steps.md

Exit status: 0 complete · 2 refused before any write · 3 complete, with rejects within
the limit or failures that onFailure took care of · 4 stopped · 130/143 interrupted`;

export function registerRun(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('run')
    .summary('run a pipeline')
    .description(
      'Plans every step, refuses what cannot be done exactly before anything is written, then runs.',
    )
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--step <name>', 'run this step only')
    .option('--fresh', 'begin anew instead of going on with an interrupted run')
    .option(
      '--at <time>',
      'act for the firing at this time, in the schedule’s zone unless it has Z or an offset',
    )
    .option('--from <time>', 'with --to: act for each firing after this time …')
    .option('--to <time>', '… and up to this one, a run each; without a schedule one run')
    .option('--full', 'incremental copies read everything again, and their cursors begin anew')
    .addOption(halfOption())
    .option(
      '--drain',
      'what has no end (replicate, a receiver) ends once it has caught up, or its queue is empty',
    )
    .option('--wait', 'if another run of this pipeline is under way, wait for its end')
    .addOption(new Option('--on <place>', 'aws: start the deployed pipeline and follow it').choices(['aws']))
    .option('--stop', 'with --on aws: end the execution that is under way')
    .option(
      '--state <place>',
      'where runs and rejects are kept: a folder or dynamodb://… (default: .sluice beside the file)',
    )
    .option('--json', 'one JSON event a line')
    .option('--quiet', 'no progress')
    .addOption(new Option('--firing <json>', 'what the run acts for; sluice serve says so').hideHelp())
    .addHelpText('after', examples)
    .action(async (file: string, options: AwsRunOptions) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const declaration = await loadDeclaration(file, { env: io.env });
      if (options.stop && options.on === undefined) {
        throw new SluiceError('usage', '--stop is of --on aws: a run here ends by Ctrl-C');
      }
      if (options.on === undefined) {
        const { runDeclaration } = await import('../run-declaration.js');
        exit(await runDeclaration(declaration, io, options));
      } else {
        const { runOnAws } = await import('../deploy/run-on-aws.js');
        exit(await runOnAws(declaration, io, options));
      }
    });
}
