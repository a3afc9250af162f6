import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { TestOptions } from '../test-declaration.js';

const examples = `
Examples:
  sluice test hits.yaml
  sluice test hits.yaml --step hits
  sluice test hits.yaml --json | jq 'select(.outcome == "failed")'

Lines with - are what a test expects, lines with + what the step makes of its items.

Exit status: 0 all passed · 2 mistakes in the declaration, or no tests in it · 5 a test failed`;

export function registerTest(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('test')
    .summary('try the tests of a declaration; needs no server')
    .description('Takes the given items of each test through its step, and compares what comes out.')
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--step <name>', 'this step only')
    .option('--state <folder>', 'where runs are kept; test uses none')
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (file: string, options: TestOptions) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { testDeclaration } = await import('../test-declaration.js');
      exit(await testDeclaration(await loadDeclaration(file, { env: io.env, cwd: io.cwd }), io, options));
    });
}
