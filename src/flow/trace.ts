import type { Comparison } from '../connectors/comparison.js';
import type { KeyValues } from '../connectors/connector.js';
import type { ExportStep, ReplicateStep } from '../declare/declaration.js';
import type { StepPast } from '../engine/journal.js';
import { type CopyPlan, isPlanned } from '../engine/plan.js';
import { batchOfRow } from '../engine/trace/batch-of-row.js';
import type { WrittenKey } from '../engine/trace/key.js';
import { restoredKey } from '../engine/trace/key.js';
import { isOfKey } from '../engine/trace/same-key.js';
import { fitKey, type Trace, traceRow } from '../engine/trace/trace.js';
import { SluiceError } from '../errors.js';
import { allRejects, type ToldReject } from '../journal/read-rejects.js';
import { histories, type RunHistory } from '../journal/runs.js';
import { type PreparedCopy, prepareCopy, singleCopies } from './plan.js';
import { copyOf } from './replicate-copy.js';
import { copySteps, exportSteps, replicateSteps, type World } from './scope.js';
import { copyNamed, type SingleCopy } from './single-copy.js';
import { alwaysSkipped, conditionOf } from './skipped-copies.js';
import { writersReasons } from './verify.js';

/** One copy's trace, with what its runs have to say. */
export interface CopyTrace {
  readonly kind: 'traced';
  readonly name: string;
  readonly plan: CopyPlan;
  /** It is a replicate: what has changed since its last run is still to come. */
  readonly follows?: true;
  readonly rule: string;
  readonly trace: Trace;
  /** The newest run that came to the copy has skipped it, or every run: the condition that was false. */
  readonly skipped?: { readonly when: string; readonly always: boolean };
  /** Of this row, newest run first. */
  readonly rejects: readonly ToldReject[];
  /** Newest first. */
  readonly runs: readonly TracedRun[];
}

/** A run that had a part in the copy. */
export interface TracedRun {
  readonly run: string;
  readonly started: string;
  readonly ended?: string;
  /** As the run ended; absent while it is under way, or when it was killed. */
  readonly end?: RunHistory['end'];
  /** The copy was complete. */
  readonly complete: boolean;
  /** A `when` was false. */
  readonly skipped?: true;
  /** The batch whose range of positions holds the row; absent where that cannot be told. */
  readonly batch?: { readonly token: string; readonly committed: boolean; readonly recordedAt?: string };
  /** The source was not read as far as the row. */
  readonly notReached?: true;
}

/** A copy that could not be traced, and why. */
export interface UntracedCopy {
  readonly kind: 'untraced';
  readonly name: string;
  readonly error: SluiceError;
}

/** The newest runs of a copy that are told of. */
const MAX_RUNS = 20;

/**
 * Traces one row through all copies of the declaration whose rows have such a key, or those of one step. A replicate that
 * mirrors is traced as the copy that would do the same; one that appends cannot be.
 */
export async function traceKey(
  world: World,
  key: WrittenKey,
  options: { readonly step?: string | undefined; readonly stop: AbortSignal },
): Promise<readonly (CopyTrace | UntracedCopy)[]> {
  const runs = await readRuns(world);
  const skipped = await alwaysSkipped(runs, world.declaration.steps);
  const traced: (CopyTrace | UntracedCopy)[] = [];
  for (const copy of await chosenCopies(world, options.step)) {
    if ('kind' in copy) traced.push(copy);
    else {
      const found = await traceCopy(world, copy, key, runs, options.stop);
      const trace = found.kind === 'traced' ? withSkips(world, found, copy, skipped) : found;
      const follows = replicateSteps(world.declaration.steps).some(({ name }) => name === copy.name);
      traced.push(follows && trace.kind === 'traced' ? { ...trace, follows: true } : trace);
    }
  }
  return traced;
}

/** What a copy that was never made would write is not in its sink, and need not be. */
function withSkips(
  { declaration }: World,
  traced: CopyTrace,
  { step }: SingleCopy,
  skipped: ReadonlySet<string>,
): CopyTrace {
  const always = skipped.has(step.name);
  if (!always && traced.runs[0]?.skipped !== true) return traced;
  const when = conditionOf(declaration.steps, step.name);
  const { trace } = traced;
  const differs = ['changed', 'missing', 'extra', 'refused'].includes(trace.outcome);
  const outcome = always && differs ? 'skipped' : trace.outcome;
  return { ...traced, trace: { ...trace, outcome }, skipped: { when, always } };
}

async function chosenCopies(
  world: World,
  name: string | undefined,
): Promise<readonly (SingleCopy | UntracedCopy)[]> {
  const all = copySteps(world.declaration.steps);
  const followed = replicateSteps(world.declaration.steps);
  const isChosen = (step: { readonly name: string }) => name === undefined || step.name === name;
  const steps = all.filter(isChosen);
  const exported = exportSteps(world.declaration.steps);
  const copies: (SingleCopy | UntracedCopy)[] = [
    ...followed.filter(isChosen).map(followedCopy),
    ...exported.filter(isChosen).map(exportedRows),
  ];
  if (name !== undefined && steps.length + copies.length === 0) {
    const single = copyNamed(all, name);
    if (single) return [single];
    throw new SluiceError('usage', `no step is named ${name}`, {
      hint: `the steps that move rows are: ${[...all, ...followed].map((step) => step.name).join(', ')}`,
    });
  }
  for (const step of steps) {
    try {
      copies.push(...(await singleCopies(world, step)));
    } catch (error) {
      copies.push(untraced(step.name, error));
    }
  }
  return copies;
}

/** Rows of an export lie in files that no key finds. */
function exportedRows({ name }: ExportStep): UntracedCopy {
  const message = `${name} is an export: its rows lie in Parquet files, which no key finds`;
  const hint = 'query the files that LATEST.json lists';
  return untraced(name, new SluiceError('unsupported', message, { hint }));
}

/** The copy that would do what a replicate does. */
function followedCopy(step: ReplicateStep): SingleCopy | UntracedCopy {
  const { name } = step;
  if (step.to['mode'] === 'mirror') return { name, step: copyOf(step) };
  const message = `${name} adds a row for each change: no one row of its sink stands for the item`;
  const hint = 'look the key up in the sink; sluice rejects lists the changes that were refused';
  return untraced(name, new SluiceError('unsupported', message, { hint }));
}

function untraced(name: string, error: unknown): UntracedCopy {
  if (!(error instanceof SluiceError) || error.code === 'interrupted') throw error;
  return { kind: 'untraced', name, error };
}

async function traceCopy(
  world: World,
  copy: SingleCopy,
  key: WrittenKey,
  runs: readonly RunHistory[],
  stop: AbortSignal,
): Promise<CopyTrace | UntracedCopy> {
  const prepared = await prepareCopy(world, copy, { unproved: true });
  const onStop = () => prepared.scope.abort(stop.reason);
  stop.addEventListener('abort', onStop);
  if (stop.aborted) onStop();
  try {
    const plan = planOf(prepared);
    const asked = fitKey(plan, key);
    if (!asked) return untraced(copy.name, unfit(plan));
    const comparison = plan.sinkPlan.exists ? await plan.sink.comparison() : undefined;
    const trace = await traceRow(plan, comparison, asked);
    return {
      kind: 'traced',
      name: copy.name,
      plan,
      rule: comparison?.rule ?? 'the sink table is not there yet',
      trace,
      rejects: await rejectsOf(world, copy.name, trace, runs),
      runs: await runsOf(plan, comparison, trace, runs, copy.step.name),
    };
  } catch (error) {
    stop.throwIfAborted();
    return untraced(copy.name, error);
  } finally {
    stop.removeEventListener('abort', onStop);
    const { planned } = prepared;
    if (isPlanned(planned)) await Promise.all([planned.source.close(), planned.sink.close()]);
  }
}

function planOf({ name, planned }: PreparedCopy): CopyPlan {
  const refused = planned.findings.find(({ level, code }) => level === 'refuse' && !writersReasons.has(code));
  if (isPlanned(planned) && !refused) return planned;
  const code = refused && refused.code !== 'note' ? refused.code : 'plan_refused';
  throw new SluiceError(code, refused?.message ?? `${name} cannot be planned`, {
    ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
  });
}

function unfit({ description, sinkPlan }: CopyPlan): SluiceError {
  const columns = description.key.length > 0 ? description.key : sinkPlan.key;
  if (columns.length === 0) {
    return new SluiceError('key_unfit', `the rows of ${description.name} have no key to be found by`);
  }
  const plain = columns.length === 1 ? 'one value' : `${columns.length} values with commas between`;
  return new SluiceError('key_unfit', `the key of ${description.name} is (${columns.join(', ')})`, {
    hint: `write ${plain}, or JSON: {${columns.map((name) => `${JSON.stringify(name)}: …`).join(', ')}}`,
  });
}

/** Newest first. */
async function readRuns({ state }: World): Promise<readonly RunHistory[]> {
  const runs: RunHistory[] = [];
  // Each batch is of interest.
  for await (const history of histories(state.runs, {})) runs.push(history);
  return runs;
}

/** Also of runs whose rejects no other command looks at any more. */
async function rejectsOf(
  world: World,
  name: string,
  { asked, source }: Trace,
  runs: readonly RunHistory[],
): Promise<readonly ToldReject[]> {
  const keys = source ? [asked, restoredKey(source.batch, Object.keys(asked))] : [asked];
  const found: ToldReject[] = [];
  for (const { run, steps } of runs) {
    if (!steps.has(name)) continue;
    const told = await allRejects(world.state, run, name);
    found.push(...told.filter(({ record }) => keys.some((key) => isOfKey(record, key))));
  }
  return found;
}

async function runsOf(
  plan: CopyPlan,
  comparison: Comparison | undefined,
  { asked, source }: Trace,
  runs: readonly RunHistory[],
  step: string,
): Promise<readonly TracedRun[]> {
  const seen = plan.description.ranged === true && source !== undefined && source.leftOut === undefined;
  const traced: TracedRun[] = [];
  for (const { run, started, ended, end, steps, flow } of runs) {
    const past = steps.get(plan.name);
    const isSkipped = flow.get(step)?.ended?.outcome === 'skipped';
    if (!(past || isSkipped) || traced.length >= MAX_RUNS) continue;
    traced.push({
      run,
      started,
      complete: past?.result !== undefined,
      ...(isSkipped ? { skipped: true as const } : {}),
      ...(ended === undefined ? {} : { ended }),
      ...(end === undefined ? {} : { end }),
      ...(seen && past ? await batchIn(plan, comparison, asked, run, past) : {}),
    });
  }
  return traced;
}

async function batchIn(
  plan: CopyPlan,
  comparison: Comparison | undefined,
  asked: KeyValues,
  run: string,
  past: StepPast,
): Promise<Pick<TracedRun, 'batch' | 'notReached'>> {
  const intent = await batchOfRow(plan.source, asked, past);
  if (!intent) return past.result ? {} : { notReached: true };
  const recordedAt = await comparison?.recordedAt?.(run, intent.token);
  const { token } = intent;
  const committed = past.commits.has(token);
  return { batch: { token, committed, ...(recordedAt === undefined ? {} : { recordedAt }) } };
}
