import type { Declaration } from '../declare/declaration.js';
import type { Repaired } from '../engine/verify/repair.js';
import { takeLease } from '../flow/open-run.js';
import { lookingBack } from '../flow/recall.js';
import { planRepairs, repairStep, type StepRepair, usableReport } from '../flow/repair.js';
import { comparable } from '../flow/replicate-copy.js';
import { newRunName } from '../flow/run-name.js';
import type { World } from '../flow/scope.js';
import { markRepaired, type VerifyReport } from '../journal/verify-reports.js';
import { askYes } from './ask-yes.js';
import { exitStatus } from './exit-status.js';
import { type Interrupt, onInterrupt } from './interrupt.js';
import type { Io } from './io.js';
import { onlyStep, openSession, openState } from './session.js';
import { count, table } from './text.js';
import { makeReport, stopped } from './verify-declaration.js';

export interface RepairOptions {
  readonly step?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly wait?: boolean | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

/** `sluice repair`: mends what the newest report found. Gives the exit status. */
export async function repairDeclaration(
  declaration: Declaration,
  io: Io,
  options: RepairOptions,
): Promise<number> {
  const interrupt = onInterrupt(io);
  const chosen = comparable(onlyStep(declaration, options.step));
  const state = await openState(declaration, io, options.state);
  const { signal } = interrupt;
  const world = openSession(chosen, io, {
    state,
    run: newRunName(),
    signal,
    ...(await lookingBack(declaration, state)),
  });
  try {
    const report = (await usableReport(world)) ?? (await makeReport(chosen, io, options, signal));
    if (report === undefined) return exitStatus.refused;
    const repairs = await planRepairs(world, report);
    sayPlan(repairs, report, io, options.json === true);
    if (repairs.length === 0) return exitStatus.complete;
    if (!(await isWanted(io, options))) return exitStatus.different;
    const status = await repairAll(world, repairs, { io, options, interrupt });
    await markRepaired(state.reports, report);
    return status;
  } catch (error) {
    return stopped(error, interrupt, io, options.json === true);
  } finally {
    interrupt.dispose();
    await world.connections.close();
  }
}

async function isWanted(io: Io, options: RepairOptions): Promise<boolean> {
  if (options.yes) return true;
  if (!options.json && io.terminal) return await askYes('mend this now? [y/N] ');
  if (!options.json) io.err('nothing was written: --yes does it');
  return false;
}

async function repairAll(
  world: World,
  repairs: readonly StepRepair[],
  around: { readonly io: Io; readonly options: RepairOptions; readonly interrupt: Interrupt },
): Promise<number> {
  const { io, options, interrupt } = around;
  const { state } = world;
  const { signal } = interrupt;
  const lease = await takeLease({ state, wait: options.wait ?? false, signal });
  try {
    await lease.name(world.run);
    const done = new Map<string, Repaired>();
    for (const repair of repairs) {
      done.set(repair.step.name, await repairStep(world, repair, lease, signal));
    }
    sayDone(done, world, io, options.json === true);
    const left = [...done.values()].some((step) => step.left > 0);
    return left ? exitStatus.different : exitStatus.complete;
  } finally {
    await lease.release();
  }
}

function sayPlan(repairs: readonly StepRepair[], report: VerifyReport, io: Io, json: boolean): void {
  const steps = repairs.map(({ step, will }) => ({ name: step.name, ...will }));
  if (json) {
    io.out(JSON.stringify({ event: 'repair', verify: report.verify, at: report.at, steps }));
    return;
  }
  if (steps.length === 0) {
    io.out(`nothing to mend, by the report of ${report.at}`);
    return;
  }
  io.out(`by the report of ${report.at}:`);
  const rows = steps.map(({ name, writes, deletes }) => [name, count(writes), count(deletes)]);
  io.out(table(['step', 'rows to write', 'rows to delete'], rows, new Set([1, 2])).join('\n'));
}

function sayDone(done: ReadonlyMap<string, Repaired>, world: World, io: Io, json: boolean): void {
  const steps = [...done].map(([name, step]) => ({ name, ...step }));
  const outcome = steps.some(({ left }) => left > 0) ? 'different' : 'equal';
  if (json) {
    const { pipeline } = world.declaration;
    io.out(JSON.stringify({ event: 'summary', pipeline, run: world.run, outcome, steps }));
    return;
  }
  const header = ['step', 'written', 'unchanged', 'rejected', 'deleted', 'differ still'];
  const rows = steps.map(({ name, written, unchanged, rejected, deleted, left }) => [
    name,
    ...[written, unchanged, rejected, deleted, left].map(count),
  ]);
  io.out(table(header, rows, new Set([1, 2, 3, 4, 5])).join('\n'));
}
