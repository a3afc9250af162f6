import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { ServeOptions } from '../serve/serve.js';

const examples = `
Examples:
  sluice serve orders.yaml                 until SIGTERM or Ctrl-C
  sluice serve pipelines/*.yaml --json     one event a line: serving, fires, ended, skipped, …
  docs/schedules.md has a unit for systemd

Exit status: 0 no schedule fires any more · 2 refused · 4 the same, and a pipeline's last run failed ·
130/143 stopped; what was running goes on with the next serve`;

export function registerServe(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('serve')
    .summary('run pipelines on their schedules, on this machine')
    .description(
      'Waits for the firings of each pipeline and runs it, one run at a time. Missed firings are caught up as `schedule.missed` says; an interrupted run goes on first.',
    )
    .argument('<file...>', 'declarations with a schedule, YAML or TypeScript')
    .option(
      '--state <place>',
      'where runs are kept: a folder or dynamodb://… (default: .sluice beside each file)',
    )
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (files: string[], options: ServeOptions) => {
      const { loadDeclaration } = await import('../../declare/load.js');
      const { serveDeclarations } = await import('../serve/serve.js');
      const { childRuns } = await import('../serve/child-run.js');
      const { systemClock } = await import('../serve/clock.js');
      const declarations = [];
      for (const file of files) declarations.push(await loadDeclaration(file, { env: io.env, cwd: io.cwd }));
      exit(await serveDeclarations(declarations, io, options, { clock: systemClock, runs: childRuns(io) }));
    });
}
