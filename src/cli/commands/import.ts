import type { Command } from 'commander';
import type { ImportOptions } from '../import-machine.js';
import type { Io } from '../io.js';

const examples = `
Every Task that calls a Lambda function becomes a call; Parallel, Choice, Wait, Retry and Catch
become parallel, when, wait, retry and onFailure. What a declaration cannot say is listed, in the
file too (docs/state-machines.md).

Examples:
  sluice import asl nightly.asl.json --out nightly.yaml
  sluice import asl nightly.asl.json --strict > nightly.yaml

Exit status: 0 all of it was carried over · 2 not a state machine that can be read, or with
--strict something was not carried over: nothing is written · 3 something was not carried over`;

export function registerImport(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('import')
    .summary('turn a state machine into a declaration')
    .description('Turns an existing state machine of Lambda functions into a declaration with call steps.')
    .argument('<format>', 'what is imported: asl')
    .argument('<file>', 'the definition, JSON in Amazon States Language')
    .option('--out <file>', 'write the declaration to this file; an existing one is not overwritten')
    .option('--pipeline <name>', "the pipeline's name (default: the file's)")
    .option('--strict', 'write nothing unless all of it can be carried over')
    .option('--state <folder>', 'where runs are kept; import uses none')
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (format: string, file: string, options: ImportOptions) => {
      const { importFile } = await import('../import-machine.js');
      exit(await importFile(format, file, options, io));
    });
}
