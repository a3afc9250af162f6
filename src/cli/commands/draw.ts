import type { Command } from 'commander';
import { SluiceError } from '../../errors.js';
import { exitStatus } from '../exit-status.js';
import type { Io } from '../io.js';

interface DrawOptions {
  readonly format: string;
  readonly state?: string;
  readonly json?: boolean;
}

const examples = `
Formats:
  asl       the state machine, in Amazon States Language (docs/state-machines.md)

Examples:
  sluice draw orders.yaml --format asl > orders.asl.json

Exit status: 0 drawn · 2 the declaration has mistakes, or holds what the format cannot show`;

export function registerDraw(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('draw')
    .summary('draw the flow')
    .description('Draws the steps of a declaration. Opens no connection.')
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .requiredOption('--format <format>', `one of: ${formats.join(', ')}`)
    .option('--state <folder>', 'where runs are kept; draw uses none')
    .option('--json', 'mistakes as JSON events')
    .addHelpText('after', examples)
    .action(async (file: string, options: DrawOptions) => exit(await draw(file, options, io)));
}

const formats = ['asl'] as const;

async function draw(file: string, { format }: DrawOptions, io: Io): Promise<number> {
  if (!formats.some((each) => each === format)) {
    throw new SluiceError('usage', `no format is named ${format}`, {
      hint: `there is: ${formats.join(', ')}`,
    });
  }
  const { loadDeclaration } = await import('../../declare/load.js');
  const { definitionText, stateMachineOf } = await import('../../flow/asl/machine.js');
  const declaration = await loadDeclaration(file, { env: io.env, cwd: io.cwd });
  io.out(definitionText(stateMachineOf(declaration)));
  return exitStatus.complete;
}
