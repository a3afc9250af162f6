import type { Command } from 'commander';
import { SluiceError } from '../../errors.js';
import type { DrawOptions } from '../draw-declaration.js';
import type { Io } from '../io.js';
import { type OnOption, onOption } from '../on-option.js';

const formats: readonly string[] = ['text', 'mermaid', 'svg', 'asl'];

const examples = `
Formats:
  text      boxes and lines, as wide as the terminal (or COLUMNS); ASCII where the locale is not UTF-8
  mermaid   a flowchart for Markdown
  svg       a picture for a page, light or dark
  asl       the state machine, in Amazon States Language (docs/state-machines.md)

Examples:
  sluice draw orders.yaml                          with what became of each step in the last run
  sluice draw orders.yaml --plain                  without a run
  sluice draw orders.yaml --run 20261120t060000    with this run (the beginning of its name will do)
  sluice draw orders.yaml --on aws                 with the last run of the deployed pipeline
  sluice draw orders.yaml --format svg > flow.svg
  sluice draw orders.yaml --format asl > orders.asl.json

Exit status: 0 drawn · 2 the declaration has mistakes, or holds what the format cannot show`;

export function registerDraw(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('draw')
    .summary('draw the flow')
    .description('Draws the steps of a declaration, and what became of each in a run. Opens no connection.')
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--format <format>', `one of: ${formats.join(', ')}`, 'text')
    .option('--run <run>', 'show this run, or `last` (default: the last, if there was one)')
    .option('--plain', 'show no run')
    .addOption(onOption())
    .option(
      '--state <place>',
      'where runs are kept: a folder or dynamodb://… (default: .sluice beside the file)',
    )
    .option('--json', 'mistakes as JSON events')
    .addHelpText('after', examples)
    .action(async (file: string, options: DrawOptions & OnOption) => exit(await draw(file, options, io)));
}

async function draw(file: string, options: DrawOptions & OnOption, io: Io): Promise<number> {
  if (!formats.includes(options.format)) {
    throw new SluiceError('usage', `no format is named ${options.format}`, {
      hint: `there is: ${formats.join(', ')}`,
    });
  }
  const { loadDeclaration } = await import('../../declare/load.js');
  const { drawDeclaration } = await import('../draw-declaration.js');
  const { onAws } = await import('../deploy/deployed-pipeline.js');
  const declaration = await loadDeclaration(file, { env: io.env, cwd: io.cwd });
  const asked = await onAws(declaration, io, options);
  const { endingsOn } = await import('../deploy/execution-ending.js');
  return await drawDeclaration(declaration, io, { ...asked, ...endingsOn(options, io) });
}
