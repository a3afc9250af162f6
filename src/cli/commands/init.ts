import type { Command } from 'commander';
import { exitStatus } from '../exit-status.js';
import type { Io } from '../io.js';

interface InitOptions {
  readonly force?: boolean;
  readonly json?: boolean;
  readonly state?: string;
}

const examples = `
Examples:
  sluice init              writes batch.yaml
  sluice init batch --force
  sluice init users        chosen items of a DynamoDB table, slowly
  sluice init replicate    changes of a DynamoDB table, without an end
  sluice init export       snapshots of an RDS database to S3, for a warehouse

Then: sluice check batch.yaml · sluice plan batch.yaml · sluice run batch.yaml`;

export function registerInit(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('init')
    .summary('write a starter file')
    .description(
      'Writes a commented declaration to start from: batch copies, chosen items (users), changes (replicate), or snapshots (export).',
    )
    .argument('[flow]', 'which starter: batch, users, replicate or export', 'batch')
    .option('--force', 'overwrite the file if it is there')
    .option('--json', 'one JSON event a line')
    .option('--state <folder>', 'where runs are kept; init uses none')
    .addHelpText('after', examples)
    .action(async (flow: string, options: InitOptions) => exit(await init(flow, options, io)));
}

async function init(flow: string, options: InitOptions, io: Io): Promise<number> {
  const { writeStarter } = await import('../starter.js');
  const file = await writeStarter(flow, io.cwd, options.force === true);
  if (options.json) io.out(JSON.stringify({ event: 'written', file }));
  else io.out(`wrote ${file}\nnext: sluice check ${file}`);
  return exitStatus.complete;
}
