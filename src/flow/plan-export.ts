import type { Context, Permission } from '../connectors/connector.js';
import type { ExporterOptions } from '../connectors/exporter.js';
import type { ExportStep } from '../declare/declaration.js';
import type { ExpectedTable } from '../engine/export/export-journal.js';
import {
  type CountedTables,
  isExportPlan,
  type PlannedExport,
  planExport,
} from '../engine/export/export-plan.js';
import { refusalOf } from '../engine/plan.js';
import { retry } from '../engine/retry.js';
import { SluiceError } from '../errors.js';
import { histories } from '../journal/runs.js';
import { firingValues } from './firing.js';
import type { World } from './scope.js';

export interface PreparedExport {
  readonly name: string;
  readonly step: ExportStep;
  readonly planned: PlannedExport;
  /** The moment that the run acts for, which names begin with: ISO 8601, UTC. */
  readonly firingTime: string;
  /** How long the last run took that completed it in one attempt. */
  readonly lastSeconds?: number;
  /** Ends every call that is under way. */
  abort(reason: unknown): void;
}

/** Tables that `count` asks for at once, each by a connection. */
export const TABLES_AT_ONCE = 8;

/** Called again for each attempt after the first. */
export async function prepareExport(world: World, step: ExportStep): Promise<PreparedExport> {
  const { name } = step;
  const firingTime = world.firing.time;
  const controller = new AbortController();
  const abort = (reason: unknown) => controller.abort(reason);
  const stop = () => abort(world.signal.reason);
  world.signal.addEventListener('abort', stop, { once: true });
  try {
    const planned = await openAndPlan(world, step, exportContext(world, step, controller.signal));
    const lastSeconds = await lastSecondsOf(world, name);
    return { name, step, planned, firingTime, abort, ...(lastSeconds === undefined ? {} : { lastSeconds }) };
  } catch (error) {
    world.signal.throwIfAborted();
    if (!(error instanceof SluiceError)) throw error;
    return { name, step, planned: { name, step, findings: [refusalOf(error)] }, firingTime, abort };
  } finally {
    world.signal.removeEventListener('abort', stop);
  }
}

/** A run that was gone on with tells only how long its last attempt took. */
async function lastSecondsOf({ state }: World, name: string): Promise<number | undefined> {
  for await (const { steps, resumed } of histories(state.runs)) {
    if (resumed) continue;
    const seconds = steps.get(name)?.result?.seconds;
    if (seconds !== undefined) return seconds;
  }
  return undefined;
}

export async function closeExport({ planned }: PreparedExport): Promise<void> {
  if (isExportPlan(planned)) await Promise.all([planned.exporter.close(), planned.store.close()]);
}

/** What the ends of an export step are opened with. */
export function exportContext(
  world: World,
  { name, patienceSeconds }: ExportStep,
  signal: AbortSignal,
): Context {
  return {
    signal,
    env: world.env,
    retry: (call) => retry(call, patienceSeconds * 1000, signal, world.stillTrying),
    paceRead: async (_likely, read) => await read(),
    scratch: world.state.scratch(name),
    pipeline: world.declaration.pipeline,
    run: world.run,
    firing: firingValues(world.firing),
    step: name,
  };
}

async function openAndPlan(world: World, step: ExportStep, context: Context): Promise<PlannedExport> {
  const [from, to] = await Promise.all([
    world.connections.get(step.from.connection),
    world.connections.get(step.to.connection),
  ]);
  if (!from.exporter || !to.store)
    throw new Error('the declaration takes connections of kinds rds and s3 only');
  const place: Readonly<Record<string, unknown>> = world.declaration.connections[step.to.connection] ?? {};
  const options: ExporterOptions = { direct: step.direct };
  return await planExport({
    pipeline: world.declaration.pipeline,
    step,
    exporter: from.exporter(options, context),
    store: to.store(context),
    order: {
      bucket: String(place['bucket']),
      prefix: String(place['prefix'] ?? '').replace(/\/+$/, ''),
      kmsKey: step.to.kmsKey,
      role: step.to.role,
      tables: step.from.tables,
    },
    ...(step.count ? { count: () => tablesOf(world, step, context) } : {}),
  });
}

/** The tables of the database that `count` names, with the server's estimates of their rows. */
async function tablesOf(world: World, { count }: ExportStep, context: Context): Promise<CountedTables> {
  const name = count?.connection ?? '';
  const connection = await world.connections.get(name);
  const waiting = [...(await connection.tables(['*']))];
  const tables: ExpectedTable[] = [];
  const needed = new Map<string, Permission>();
  const lane = async (): Promise<void> => {
    for (let table = waiting.pop(); table !== undefined; table = waiting.pop()) {
      const source = connection.source({ connection: name, table }, context);
      try {
        const described = await source.describe();
        const { name: full, rows } = described;
        tables.push({ name: full, ...(rows === undefined ? {} : { rows }) });
        for (const each of [...connection.listing, ...described.permissions])
          needed.set(`${each.action} ${each.resource}`, forCounting(each));
      } finally {
        await source.close();
      }
    }
  };
  await Promise.all(Array.from({ length: TABLES_AT_ONCE }, lane));
  tables.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { tables, permissions: [...needed.values()] };
}

/** No row of it is read. */
function forCounting(permission: Permission): Permission {
  const reason = 'sees that the table is there, and about how many rows it has';
  return permission.action === 'SELECT' ? { ...permission, reason } : permission;
}
