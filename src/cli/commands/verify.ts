import type { Command } from 'commander';
import { SluiceError } from '../../errors.js';
import type { Io } from '../io.js';
import { type OnOption, onOption } from '../on-option.js';
import type { VerifyCommandOptions } from '../verify-declaration.js';

const examples = `
Examples:
  sluice verify orders.yaml                   both sides in full, every cell
  sluice verify orders.yaml --sample 10000    random rows only: quick, and proves less
  sluice verify orders.yaml --on aws          what the deployed pipeline has moved, read from here
  sluice verify orders.yaml --json | jq 'select(.event == "summary").keys'

What is equal follows the mode: rows that the source lacks are a difference for mirror and
replace (and with --strict); update compares only what comes; insert only whether a row is
there; newest takes a newer item for equal. Reads at the step's pace; writes nothing.

Exit status: 0 equal · 5 different · 2 refused · 4 stopped · 130/143 interrupted`;

export function registerVerify(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('verify')
    .summary('compare source and sink, cell by cell')
    .description('Compares what a copy would write now with what the sink holds, and names what differs.')
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--step <name>', 'this step only')
    .option('--sample <rows>', 'look at so many random rows only', wholeNumber)
    .option('--strict', 'rows that only the sink has are a difference in every mode')
    .option('--limit <rows>', 'name at most so many differing rows (default: 1000)', wholeNumber)
    .option('--settle <looks>', 'how often a differing row is looked at again (default: 1)', wholeNumber)
    .option('--show', 'show the values that differ')
    .option('--report <file>', 'keep the report in this file, too')
    .addOption(onOption())
    .option(
      '--state <place>',
      'where reports are kept: a folder or dynamodb://… (default: .sluice beside the file)',
    )
    .option('--json', 'one JSON event a line')
    .option('--quiet', 'no progress')
    .addHelpText('after', examples)
    .action(async (file: string, options: VerifyCommandOptions & OnOption) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { onAws } = await import('../deploy/deployed-pipeline.js');
      const { verifyDeclaration } = await import('../verify-declaration.js');
      const declaration = await loadDeclaration(file, { env: io.env });
      exit(await verifyDeclaration(declaration, io, await onAws(declaration, io, options)));
    });
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new SluiceError('usage', `${text} is not a whole number`);
}
