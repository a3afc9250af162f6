import type { Command } from 'commander';
import { exitStatus } from '../exit-status.js';
import type { Io } from '../io.js';

const examples = `
Examples:
  sluice schema > pipeline.schema.json
  and in the first line of a declaration:
  # yaml-language-server: $schema=./pipeline.schema.json`;

export function registerSchema(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('schema')
    .summary('print the JSON Schema of declarations, for editors')
    .description(
      'Prints the JSON Schema (draft 2020-12) of declarations, so that editors complete and explain.',
    )
    .option('--json', 'the same: the schema is JSON')
    .option('--state <folder>', 'where runs are kept; schema uses none')
    .addHelpText('after', examples)
    .action(async () => {
      const { jsonSchema } = await import('../../declare/json-schema.js');
      io.out(jsonSchema().trimEnd());
      exit(exitStatus.complete);
    });
}
