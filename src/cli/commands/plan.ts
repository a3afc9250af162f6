import type { Command } from 'commander';
import { exitStatus } from '../exit-status.js';
import type { Io } from '../io.js';

interface PlanOptions {
  readonly step?: string;
  readonly state?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  sluice plan orders.yaml
  sluice plan orders.yaml --json | jq 'select(.event == "plan").columns'

Exit status: 0 it can run · 2 it would be refused`;

export function registerPlan(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('plan')
    .summary('say what a run will do; write nothing')
    .description(
      "Connects, reads schemas, and shows each column's journey, size, cost, refusals and permissions.",
    )
    .argument('<file>', 'the declaration, YAML or TypeScript')
    .option('--step <name>', 'this step only')
    .option(
      '--state <folder>',
      'where runs are kept (default: .sluice beside the file); plan writes nothing there',
    )
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (file: string, options: PlanOptions) => exit(await plan(file, options, io)));
}

async function plan(file: string, options: PlanOptions, io: Io): Promise<number> {
  const { loadDeclaration } = await import('../../declare/load.js');
  const { planSteps, refusals } = await import('../../flow/plan.js');
  const { planEvents, planText } = await import('../plan-report.js');
  const { openSession } = await import('../session.js');
  const { onInterrupt } = await import('../interrupt.js');
  const declaration = await loadDeclaration(file, { env: io.env, cwd: io.cwd });
  const interrupt = onInterrupt(io);
  const world = openSession(declaration, io, interrupt.signal, options);
  try {
    const steps = await planSteps(world);
    if (options.json) for (const event of planEvents(steps)) io.out(JSON.stringify(event));
    else io.out(planText(steps, io.color));
    if (refusals(steps).length === 0) return exitStatus.complete;
    if (!options.json) io.err('a run would be refused');
    return exitStatus.refused;
  } finally {
    interrupt.dispose();
    await world.connections.close();
  }
}
