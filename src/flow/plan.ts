import type { Finding, Permission, Source, SourceDescription } from '../connectors/connector.js';
import type {
  CallStep,
  CopyStep,
  ExportStep,
  ParallelStep,
  ReplicateStep,
  Step,
  VerifyStep,
  WaitStep,
} from '../declare/declaration.js';
import type { StepWindow } from '../engine/journal.js';
import { isPlanned, type Planned, planCopy, refusalOf } from '../engine/plan.js';
import { SluiceError } from '../errors.js';
import { maskKeyOf } from './mask-key.js';
import { extended } from './pacing.js';
import { type PreparedExport, prepareExport } from './plan-export.js';
import { type PreparedReplicate, planReplicateStep } from './plan-replicate.js';
import { openSink, openVia, type PlannedVia, prepareReceiver, viaFindings } from './plan-via.js';
import { openScope, type Scope, stoppedAtOnce, type World } from './scope.js';
import { type SingleCopy, singleCopy } from './single-copy.js';
import { copyStateFindings } from './state-findings.js';
import { patternOf } from './table-names.js';
import { windowText } from './window.js';
import { sinceOf, type Windows } from './windows.js';

/** The declaration's steps with every copy planned. */
export type PlannedStep = NamedPlan | PlannedParallel;

export type NamedPlan = PlannedCopyStep | PlannedReplicateStep | PlannedExportStep | PlannedSingle;

interface Around {
  /** What runs when the step has failed. */
  readonly onFailure: readonly PlannedStep[];
}

export interface PlannedCopyStep extends Around {
  readonly kind: 'copy';
  readonly step: CopyStep;
  /** One, or with `tables` one for each table. */
  readonly copies: readonly PreparedCopy[];
}

export interface PlannedReplicateStep extends Around {
  readonly kind: 'replicate';
  readonly step: ReplicateStep;
  readonly replicate: PreparedReplicate;
  /** The copy before the changes, where it is declared and not done. */
  readonly copies: readonly PreparedCopy[];
}

export interface PlannedExportStep extends Around {
  readonly kind: 'export';
  readonly step: ExportStep;
  readonly prepared: PreparedExport;
}

/** What cannot be planned beyond what is declared. */
export interface PlannedSingle extends Around {
  readonly kind: 'wait' | 'verify' | 'call';
  readonly step: WaitStep | VerifyStep | CallStep;
}

export interface PlannedParallel extends Around {
  readonly kind: 'parallel';
  readonly step: ParallelStep;
  readonly branches: readonly (readonly PlannedStep[])[];
}

export interface PreparedCopy {
  readonly name: string;
  /** The step as if it had been written for this one table. */
  readonly step: CopyStep;
  readonly scope: Scope;
  readonly planned: Planned;
  /** Its source's table was not there yet: what was planned is what the table will be. Plan again before it runs. */
  readonly early: boolean;
  /** What lies between its ends, where it is run through a queue. */
  readonly via?: PlannedVia;
  /** What finding its table by a pattern needed. */
  readonly listing?: readonly Permission[];
}

/** Tables that steps before will make: connection and table → what a source will find. */
type Expected = Map<
  string,
  { readonly connection: string; readonly table: string; readonly found: SourceDescription }
>;

/**
 * Plans every step in order. A step that reads a table which an earlier step makes is planned against what
 * that table will be. Writes nothing; refusals are findings of the copies they belong to.
 */
export async function planSteps(world: World): Promise<readonly PlannedStep[]> {
  return await planSeries(world, world.declaration.steps, new Map());
}

async function planSeries(world: World, steps: readonly Step[], expected: Expected): Promise<PlannedStep[]> {
  const planned: PlannedStep[] = [];
  for (const step of steps) planned.push(await planStep(world, step, expected));
  return planned;
}

async function planStep(world: World, step: Step, expected: Expected): Promise<PlannedStep> {
  // What it makes is not sure to be there later.
  const onFailure = await planSeries(world, step.onFailure?.steps ?? [], new Map(expected));
  if (step.kind === 'copy') {
    return { kind: 'copy', step, copies: await planCopies(world, step, expected), onFailure };
  }
  if (step.kind === 'replicate') {
    return { kind: 'replicate', step, ...(await planReplicateStep(world, step)), onFailure };
  }
  if (step.kind === 'export') {
    return { kind: 'export', step, prepared: await prepareExport(world, step), onFailure };
  }
  if (step.kind !== 'parallel') return { kind: step.kind, step, onFailure };
  const branches: PlannedStep[][] = [];
  for (const branch of step.branches) branches.push(await planSeries(world, branch, expected));
  return { kind: 'parallel', step, branches, onFailure };
}

/** Plans the copy of a step, or with `tables` one for each table. */
export async function planCopies(
  world: World,
  step: CopyStep,
  expected: Expected = new Map(),
): Promise<PreparedCopy[]> {
  const copies: PreparedCopy[] = [];
  try {
    for (const single of await singleCopies(world, step, expected)) {
      const found = expected.get(tableKey(single.step.from))?.found;
      const prepared = await prepareCopy(world, single, found ? { expected: found } : { trial: true });
      copies.push(await withListing(world, step, prepared));
      expectSink(prepared, expected);
    }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    copies.push(refusedCopy(world, step, error));
  }
  return copies;
}

async function withListing(world: World, { from }: CopyStep, copy: PreparedCopy): Promise<PreparedCopy> {
  if (!from.tables) return copy;
  const { listing } = await world.connections.get(from.connection);
  return { ...copy, listing };
}

function refusedCopy(world: World, step: CopyStep, error: SluiceError): PreparedCopy {
  const { code, message, hint } = error;
  const finding = { level: 'refuse' as const, code, message, ...(hint === undefined ? {} : { hint }) };
  const planned = { name: step.name, step, findings: [finding] };
  return { name: step.name, step, scope: openScope(world, step, step.name), planned, early: false };
}

/** Plans one copy in a scope of its own. Called again for each attempt after the first. */
export async function prepareCopy(
  world: World,
  { name, step }: SingleCopy,
  options: {
    readonly expected?: SourceDescription;
    readonly replay?: true;
    readonly trial?: true;
    readonly unproved?: true;
  } = {},
): Promise<PreparedCopy> {
  const { expected, trial = false, unproved, ...scoped } = options;
  const scope = openScope(world, step, name, scoped);
  return await stoppedAtOnce(world, scope, async () => {
    const via = await openVia(world, step, scope);
    if (via?.half === 'receive') return await prepareReceiver(world, { name, step }, scope, via);
    const from = await world.connections.get(step.from.connection);
    const early = expected !== undefined;
    const windows = step.from['since'] === undefined || early ? undefined : world.windows;
    try {
      const window =
        windows && (await windowOf(windows, { name, step }, from.source(step.from, scope.context)));
      const source = from.source(step.from, window ? extended(scope.context, { window }) : scope.context);
      const sink = via ? via.sink : await openSink(world, step, scope);
      const planned = await planCopy({
        name,
        step,
        source,
        sink,
        trial,
        ...(step.mask ? { maskKey: maskKeyOf(world) } : {}),
        ...(unproved ? { unproved } : {}),
        ...(expected ? { expected } : {}),
        ...(window ? { window } : {}),
      });
      if (isPlanned(planned)) scope.pacing.use(planned.step.pace);
      const noted = window ? withWindowNote(planned, step, window) : planned;
      const findings = [
        ...viaFindings(world, noted, via),
        ...copyStateFindings(world, step),
        ...noted.findings,
      ];
      return { name, step, scope, planned: { ...noted, findings }, early, ...(via ? { via } : {}) };
    } catch (error) {
      world.signal.throwIfAborted();
      if (!(error instanceof SluiceError) || !windows) throw error;
      return { name, step, scope, planned: { name, step, findings: [refusalOf(error)] }, early };
    }
  });
}

async function windowOf(windows: Windows, copy: SingleCopy, source: Source): Promise<StepWindow> {
  try {
    return await windows.of(copy, source);
  } finally {
    await source.close();
  }
}

function withWindowNote(planned: Planned, step: CopyStep, window: StepWindow): Planned {
  const message = windowText(sinceOf({ name: planned.name, step }), window);
  return { ...planned, findings: [{ level: 'note', code: 'note', message }, ...planned.findings] };
}

/** The step itself, or with `tables` one copy for each table that is there or will be. */
export async function singleCopies(
  world: World,
  step: CopyStep,
  expected: Expected = new Map(),
): Promise<readonly SingleCopy[]> {
  const patterns = step.from.tables;
  if (!patterns) return [{ name: step.name, step }];
  const connection = await world.connections.get(step.from.connection);
  const tables = new Set(await connection.tables(patterns));
  for (const made of expected.values()) {
    if (made.connection !== step.from.connection) continue;
    if (patterns.some((pattern) => patternOf(pattern).test(made.table))) tables.add(made.table);
  }
  if (tables.size === 0) {
    throw new SluiceError('table_missing', `no table matches ${patterns.join(', ')}`, {
      path: `${step.path}.from.tables`,
      hint: '* stands for any text, ? for one character; views are left out',
    });
  }
  const copies = [...tables].sort().map((table) => singleCopy(step, table));
  if (new Set(copies.map((copy) => copy.step.to.table)).size < copies.length) {
    throw new SluiceError('declaration_invalid', 'two of the tables would go into one', {
      path: `${step.path}.to.table`,
      hint: 'use {table}, which differs for each of them',
    });
  }
  return copies;
}

function expectSink({ step, planned }: PreparedCopy, expected: Expected): void {
  if (!isPlanned(planned) || planned.sinkPlan.exists || !planned.sinkPlan.becomes) return;
  const { name, identity, becomes } = planned.sinkPlan;
  const { connection, table } = step.to;
  const found: SourceDescription = {
    name,
    identity,
    ...becomes,
    ...(planned.description.rows === undefined ? {} : { rows: planned.description.rows }),
    ...(planned.description.bytes === undefined ? {} : { bytes: planned.description.bytes }),
    consistency: 'known when it runs',
    findings: [],
    permissions: [],
  };
  expected.set(tableKey({ connection, table }), { connection, table, found });
}

function tableKey(end: { readonly connection: string; readonly table?: string }): string {
  return JSON.stringify([end.connection, end.table ?? null]);
}

/** The steps and all within them, those of `onFailure` too, in the order of the document. */
export function allSteps(steps: readonly PlannedStep[]): readonly PlannedStep[] {
  return steps.flatMap((step) => [
    step,
    ...(step.kind === 'parallel' ? allSteps(step.branches.flat()) : []),
    ...allSteps(step.onFailure),
  ]);
}

/** The step itself, or the steps of all branches, without those of `onFailure`. */
export function namedPlans(step: PlannedStep): readonly NamedPlan[] {
  return step.kind === 'parallel' ? step.branches.flat().flatMap(namedPlans) : [step];
}

/** Every copy of the plan, nested ones and those before changes too, in the order of the document. */
export function preparedCopies(steps: readonly PlannedStep[]): readonly PreparedCopy[] {
  return allSteps(steps).flatMap((step) => ('copies' in step ? step.copies : []));
}

/** Every replicate of the plan, nested ones too, in the order of the document. */
export function preparedReplicates(steps: readonly PlannedStep[]): readonly PreparedReplicate[] {
  return allSteps(steps).flatMap((step) => (step.kind === 'replicate' ? [step.replicate] : []));
}

/** Every export of the plan, nested ones too, in the order of the document. */
export function preparedExports(steps: readonly PlannedStep[]): readonly PreparedExport[] {
  return allSteps(steps).flatMap((step) => (step.kind === 'export' ? [step.prepared] : []));
}

/** Every copy but what runs after a failure only. */
export function regularCopies(steps: readonly PlannedStep[]): readonly PreparedCopy[] {
  return steps.flatMap(namedPlans).flatMap((step) => (step.kind === 'copy' ? step.copies : []));
}

/** Whatever it is, it has findings. */
interface Prepared {
  readonly name: string;
  readonly planned: { readonly findings: readonly Finding[] };
}

/** The refusals of all copies, replicates and exports; any of them stops the pipeline before anything is written. */
export function refusals(
  steps: readonly PlannedStep[],
): readonly { readonly name: string; readonly finding: Finding }[] {
  const prepared = (step: NamedPlan): readonly Prepared[] => {
    if (step.kind === 'copy') return step.copies;
    if (step.kind === 'export') return [step.prepared];
    return step.kind === 'replicate' ? [...step.copies, step.replicate] : [];
  };
  return steps
    .flatMap(namedPlans)
    .flatMap(prepared)
    .flatMap(({ name, planned }) =>
      planned.findings.flatMap((finding) => (finding.level === 'refuse' ? [{ name, finding }] : [])),
    );
}
