import type { Declaration } from '../declare/declaration.js';
import { planSteps, refusals } from '../flow/plan.js';
import { exitStatus } from './exit-status.js';
import { onInterrupt } from './interrupt.js';
import type { Io } from './io.js';
import { planEvents, planText } from './plan-report.js';
import { openSession } from './session.js';

export interface PlanOptions {
  readonly step?: string | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Plans every step and prints it; writes nothing anywhere. Gives the exit status: 2 if a run would be refused. */
export async function planDeclaration(
  declaration: Declaration,
  io: Io,
  options: PlanOptions,
): Promise<number> {
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
