import type { Declaration } from '../declare/declaration.js';
import { closePlans } from '../flow/close-plans.js';
import { deployedConnections } from '../flow/deployed-connections.js';
import { firingsAsked, isAsked } from '../flow/firing.js';
import { type Purpose, type StepNeed, stateNeeds, stepNeeds } from '../flow/needs.js';
import { unfinishedRun } from '../flow/open-run.js';
import { places } from '../flow/places.js';
import { type PlannedStep, refusals } from '../flow/plan.js';
import { newRunName } from '../flow/run-name.js';
import type { World } from '../flow/scope.js';
import { runWindows } from '../flow/windows.js';
import { connectionLimits, databaseServers } from './database-servers.js';
import { connectionEvent, connectionLines, differenceLines } from './deployed-text.js';
import { exitStatus } from './exit-status.js';
import { onInterrupt } from './interrupt.js';
import type { Io } from './io.js';
import { type PermissionsFormat, permissionsEvents, permissionsText } from './permissions-report.js';
import { planAloud } from './plan-aloud.js';
import { planEvents, planText, reportRefusals } from './plan-report.js';
import { onlyHalf, onlyStep, openSession, openState } from './session.js';

export interface PlanOptions {
  readonly step?: string | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
  readonly at?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly full?: boolean | undefined;
  /** What each connection must be allowed, instead of the plan. */
  readonly permissions?: boolean | undefined;
  readonly format?: PermissionsFormat | undefined;
  /** What else than a run must be allowed. */
  readonly for?: readonly Purpose[] | undefined;
  /** Of copies that go through a queue, this half alone. */
  readonly only?: 'send' | 'receive' | undefined;
}

/** Plans every step and prints it; writes nothing anywhere. Gives the exit status: 2 if a run would be refused. */
export async function planDeclaration(
  declaration: Declaration,
  io: Io,
  options: PlanOptions,
): Promise<number> {
  const interrupt = onInterrupt(io);
  const state = await openState(declaration, io, options.state);
  const half = options.only ?? 'both';
  const chosen = onlyHalf(onlyStep(declaration, options.step), half);
  const { full = false } = options;
  const [firing] = firingsAsked(declaration, options);
  const unfinished = full || isAsked(options) ? undefined : await unfinishedRun(state.runs);
  const world = openSession(chosen, io, {
    state,
    run: newRunName(),
    signal: interrupt.signal,
    whole: declaration,
    half,
    places: places(state),
    windows: runWindows(state.runs, { resumes: unfinished, full }),
    ...(unfinished ? { firing: unfinished.firing } : firing ? { firing } : {}),
  });
  let steps: readonly PlannedStep[] = [];
  try {
    steps = await planAloud(world, io);
    if (options.permissions) sayPermissions(world, steps, io, options);
    else if (options.json) for (const event of await wholeEvents(world, steps)) io.out(JSON.stringify(event));
    else io.out(await wholeText(world, steps, io));
    if (refusals(steps).length === 0) return exitStatus.complete;
    if (options.permissions) reportRefusals(refusals(steps), io, options.json === true, 'incomplete');
    else if (!options.json) io.err('a run would be refused');
    return exitStatus.refused;
  } finally {
    interrupt.dispose();
    await closePlans(steps);
    await world.connections.close();
  }
}

async function wholeText(world: World, steps: readonly PlannedStep[], { color }: Io): Promise<string> {
  const permissions = permissionsText(allNeeds(world, steps), new Set(), 'text', color);
  const { connections, limits, differences } = await whereDeployed(world, steps);
  const lines = [...connectionLines(connections, limits), ...differences];
  const deployed = lines.length === 0 ? '' : ['deployed', ...lines.map((line) => `  ${line}`)].join('\n');
  return [planText(steps, color), deployed, permissions].filter((part) => part !== '').join('\n\n');
}

async function wholeEvents(world: World, steps: readonly PlannedStep[]): Promise<readonly object[]> {
  const { connections, limits, differences } = await whereDeployed(world, steps);
  return [
    ...planEvents(steps),
    ...connections.map((each) => connectionEvent(each, limits)),
    ...differences.map((message) => ({ event: 'deployed', message })),
  ];
}

/** What it would be as functions. Of what is refused nothing is said: its servers may not even answer. */
async function whereDeployed(world: World, steps: readonly PlannedStep[]) {
  if (refusals(steps).length > 0) return { connections: [], limits: new Map(), differences: [] };
  const limits = connectionLimits(await databaseServers(world));
  const { declaration } = world;
  return {
    connections: deployedConnections(declaration, steps),
    limits,
    differences: differenceLines(declaration),
  };
}

function allNeeds(world: World, steps: readonly PlannedStep[]): readonly StepNeed[] {
  return [...stepNeeds(world, steps), ...stateNeeds(world)];
}

function sayPermissions(
  world: World,
  steps: readonly PlannedStep[],
  io: Io,
  { format = 'text', json, for: purposes = [] }: PlanOptions,
): void {
  const needs = allNeeds(world, steps);
  const asked = new Set(purposes);
  if (json) for (const event of permissionsEvents(needs, asked)) io.out(JSON.stringify(event));
  else io.out(permissionsText(needs, asked, format, io.color));
}
