import type { Command } from 'commander';

/** A command that prints the statements of one kind of warehouse, with the options that all of them have. */
export function warehouseCommand(program: Command, name: string): Command {
  return program
    .command(name)
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--step <name>', 'this step only; default: all that write files')
    .option('--table <name>', 'this table only')
    .option('--state <folder>', 'where runs are kept; nothing is written there')
    .option('--json', 'mistakes as JSON events');
}
