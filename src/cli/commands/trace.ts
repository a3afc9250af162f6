import type { Command } from 'commander';
import type { Io } from '../io.js';
import { type OnOption, onOption } from '../on-option.js';
import type { TraceOptions } from '../trace-declaration.js';

const examples = `
Examples:
  sluice trace orders.yaml 42
  sluice trace orders.yaml a,7                             a key of two columns, in the key's order
  sluice trace orders.yaml '{"customer_id":"a","order_id":7}'
  sluice trace orders.yaml '["a,b",7]'                     a value with a comma in it
  sluice trace orders.yaml 0x0a1b --step files --json      a key of bytes
  sluice trace orders.yaml 42 --on aws                     with the runs and rejects of the deployed pipeline

Shows the row as the source has it now, what map, as, empty, nulls and the row function make
of it, what the sink would hold and what it holds, the row's rejects, and the runs that had
it. Reads single rows; writes nothing. The values are shown here and kept nowhere.

Exit status: 0 the sink holds what a copy would write, or no run has made the copy · 5 both sides differ · 2 the key does
not fit, or no side has such a row · 4 stopped by a server · 130/143 interrupted`;

export function registerTrace(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('trace')
    .summary("one row's way from source to sink")
    .description('Shows one row at the source, on its way and in the sink, with its rejects and its runs.')
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .argument('<key>', "the row's key: 42, a,7, or JSON")
    .option('--step <name>', 'in this copy only (default: in all whose rows have such a key)')
    .addOption(onOption())
    .option(
      '--state <place>',
      'where runs and rejects are kept: a folder or dynamodb://… (default: .sluice beside the file)',
    )
    .option('--json', 'one JSON object for each copy')
    .addHelpText('after', examples)
    .action(async (file: string, key: string, options: TraceOptions & OnOption) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { onAws } = await import('../deploy/deployed-pipeline.js');
      const { traceDeclaration } = await import('../trace-declaration.js');
      const declaration = await loadDeclaration(file, { env: io.env });
      exit(await traceDeclaration(declaration, key, io, await onAws(declaration, io, options)));
    });
}
