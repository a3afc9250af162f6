import { basename, dirname, join, resolve } from 'node:path';
import { writeAssembly } from '../aws/assembly/write-assembly.js';
import { type DeployedPlace, refuseUndeployable, refuseUndeployablePlan } from '../aws/deployable.js';
import { peopleOf } from '../aws/people/person.js';
import { forecastsOf } from '../aws/quotas.js';
import { type MakeCode, synthesize } from '../aws/synthesize.js';
import type { Declaration } from '../declare/declaration.js';
import { closePlans } from '../flow/close-plans.js';
import { deployedConnections } from '../flow/deployed-connections.js';
import { type Purpose, stepNeeds } from '../flow/needs.js';
import { type PlannedStep, refusals } from '../flow/plan.js';
import { queuesOf } from '../flow/queues.js';
import { newRunName } from '../flow/run-name.js';
import { connectionLimits, databaseServers } from './database-servers.js';
import type { DeployPlace } from './deploy/deploy-place.js';
import { deployedNetworks } from './deployed-networks.js';
import { exitStatus } from './exit-status.js';
import { onInterrupt } from './interrupt.js';
import type { Io } from './io.js';
import { sayPeople } from './people-report.js';
import { planAloud } from './plan-aloud.js';
import { reportRefusals } from './plan-report.js';
import { onlyHalf, openSession, openState } from './session.js';
import { type SynthTold, synthEvents, synthText } from './synth-report.js';

export interface SynthOptions extends DeployPlace {
  /** Where it is written; default `cdk.out` beside the file. */
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
  /** Nothing is asked of RDS. */
  readonly offline?: boolean | undefined;
  /** Of copies through queues, this half alone. */
  readonly only?: 'send' | 'receive' | undefined;
  /** What people must be allowed, instead of the stacks: nothing is written. */
  readonly permissions?: boolean | undefined;
  readonly format?: 'text' | 'policy' | undefined;
  /** Of permissions: what whoever runs it does besides. */
  readonly for?: readonly Purpose[] | undefined;
}

/**
 * Plans the pipeline, as `plan` does, and writes the stacks that run it on AWS. Changes nothing anywhere else. Gives the exit
 * status: 2 where it cannot be deployed, or a run would be refused.
 */
export async function synthDeclaration(
  whole: Declaration,
  io: Io,
  options: SynthOptions,
  makeCode: MakeCode,
): Promise<number> {
  const json = options.json === true;
  const half = options.only ?? 'both';
  const declaration = onlyHalf(whole, half);
  const place: DeployedPlace = { account: options.account, region: options.region, half };
  const file = basename(declaration.file);
  refuseUndeployable(declaration, file, place, io.env);
  const interrupt = onInterrupt(io);
  const world = openSession(declaration, io, {
    state: await openState(declaration, io, undefined),
    run: newRunName(),
    signal: interrupt.signal,
    whole,
    half,
    deploying: true,
  });
  let planned: readonly PlannedStep[] = [];
  try {
    planned = await planAloud(world, io);
    const refused = refusals(planned);
    if (refused.length > 0) {
      reportRefusals(refused, io, json, 'refused');
      return exitStatus.refused;
    }
    const needs = stepNeeds(world, planned);
    // Whoever only receives has no state machine.
    const forecasts = half === 'receive' ? [] : forecastsOf(declaration, planned);
    refuseUndeployablePlan(declaration, file, { queues: queuesOf(planned), needs, forecasts }, place);
    const out = resolve(io.cwd, options.out ?? join(dirname(declaration.file), 'cdk.out'));
    const servers = await databaseServers(world);
    const networks = await deployedNetworks(world, servers, { ...place, offline: options.offline === true });
    const codeOf = options.permissions ? noCode : makeCode;
    const made = await synthesize({ world, planned, ...place, makeCode: codeOf, networks });
    if (options.permissions) {
      const { site, stacks } = made;
      const purposes = new Set(options.for);
      const facts = { site, stacks, needs, purposes, looksUp: networks.size > 0 };
      sayPeople(peopleOf(facts), io, options);
      return exitStatus.complete;
    }
    await writeAssembly(out, made.site, made.stacks, made.code);
    const connections = deployedConnections(declaration, planned);
    const limits = connectionLimits(servers);
    say({ ...made, networks, connections, limits, forecasts, planned, half }, declaration, out, io, json);
    return exitStatus.complete;
  } finally {
    interrupt.dispose();
    await closePlans(planned);
    await world.connections.close();
  }
}

/** Permissions do not depend on it. */
const noCode: MakeCode = async () => ({ name: '', hash: '', folder: '', handler: '', bytes: 0 });

function say(made: SynthTold, declaration: Declaration, out: string, io: Io, json: boolean): void {
  if (json) for (const event of synthEvents(made, declaration, out)) io.out(JSON.stringify(event));
  else io.out(synthText(made, declaration, out));
}
