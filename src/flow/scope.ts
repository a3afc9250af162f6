import type { Context } from '../connectors/connector.js';
import {
  type CopyStep,
  type Declaration,
  type ExportStep,
  innerSteps,
  type ReplicateStep,
  type Step,
} from '../declare/declaration.js';
import { type Counters, zeroCounters } from '../engine/counters.js';
import { retry } from '../engine/retry.js';
import type { SluiceError } from '../errors.js';
import { KeyLog } from '../journal/key-log.js';
import type { PipelineState } from '../journal/state.js';
import type { Firing } from '../values/firing.js';
import { Connections, type LoadConnector } from './connections.js';
import { firingValues } from './firing.js';
import { extended, openPacing, type Pacing, readingAt, readingKeysAt } from './pacing.js';
import type { Places } from './places.js';
import type { Windows } from './windows.js';

/** What a run happens in. */
export interface World {
  readonly declaration: Declaration;
  /** All steps that are declared, when only one of them is run. */
  readonly declared: readonly Step[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is known of the pipeline; nothing of it is made before something is written to it. */
  readonly state: PipelineState;
  readonly run: string;
  readonly firing: Firing;
  /** For commands that look at what runs did: what the last run of each copy acted for. */
  readonly recalled?: ReadonlyMap<string, Firing>;
  /** How incremental copies come to what they read; absent: they read all. */
  readonly windows?: Windows;
  /** Where replicates stand; absent: they begin anew. */
  readonly places?: Places;
  /** Nothing is written, and what is read keeps to the whole pace of a step. */
  readonly readsOnly?: true;
  /**
   * Which halves of copies with a queue between their ends (`via`) are planned and run. Absent: they are looked at as if there
   * were no queue, by commands that compare or look for rows.
   */
  readonly half?: Half;
  /** It is planned for being deployed, which makes queues that are declared so. */
  readonly deploying?: true;
  /** A replicate ends once it has caught up, a receiver once its queue is empty; otherwise only when stopped. */
  readonly drain?: true;
  /** What a step leaves in its folder is kept until it is complete: this is a run. */
  readonly lasting?: true;
  /** The program's standard input. */
  readonly input?: () => AsyncIterable<Uint8Array>;
  readonly connections: Connections;
  /** Is told what a call waits for that has failed for a moment. */
  readonly stillTrying?: (error: SluiceError) => void;
  /** Somebody wants it to end: planning stops at once, what is written between batches. */
  readonly signal: AbortSignal;
}

/** Of a copy with a queue between its ends. */
export type Half = 'send' | 'receive' | 'both';

/** What one attempt at one copy happens in. */
export interface Scope {
  /** Of the source. */
  readonly context: Context;
  readonly sinkContext: Context;
  readonly counters: Counters;
  readonly pacing: Pacing;
  /** What the sink keeps for its end. */
  readonly keys: KeyLog;
  abort(reason: unknown): void;
}

export function openWorld(
  declaration: Declaration,
  options: Pick<
    World,
    | 'env'
    | 'state'
    | 'run'
    | 'firing'
    | 'recalled'
    | 'windows'
    | 'places'
    | 'readsOnly'
    | 'lasting'
    | 'half'
    | 'deploying'
    | 'drain'
    | 'input'
  > & {
    readonly declared?: readonly Step[] | undefined;
    readonly load: LoadConnector;
    readonly signal: AbortSignal;
  },
): World {
  const { env, state, run, firing, recalled, windows, places, half, deploying, drain } = options;
  const { readsOnly, lasting, input, load, signal } = options;
  const declared = options.declared ?? declaration.steps;
  const moving = [...copySteps(declared), ...replicateSteps(declared), ...exportSteps(declared)];
  const patienceMs = 1000 * Math.max(0, ...moving.map((step) => step.patienceSeconds));
  const context: Context = {
    signal,
    env,
    retry: (call) => retry(call, patienceMs, signal),
    paceRead: async (_likely, read) => await read(),
    scratch: state.scratch(),
    pipeline: declaration.pipeline,
    run,
    firing: firingValues(firing),
    step: '',
  };
  return {
    declaration,
    declared,
    env,
    state,
    run,
    firing,
    ...(recalled ? { recalled } : {}),
    ...(windows ? { windows } : {}),
    ...(places ? { places } : {}),
    ...(readsOnly ? { readsOnly } : {}),
    ...(lasting ? { lasting } : {}),
    ...(half ? { half } : {}),
    ...(deploying ? { deploying } : {}),
    ...(drain ? { drain } : {}),
    ...(input ? { input } : {}),
    connections: new Connections(declaration.connections, load, context),
    signal,
  };
}

/** `name` is the step's, or with `tables` that of one of its copies. */
export function openScope(
  world: World,
  step: CopyStep,
  name: string,
  options: Pick<Context, 'replay' | 'handed'> = {},
): Scope {
  const controller = new AbortController();
  const { signal } = controller;
  const pacing = openPacing(step, world.readsOnly !== undefined);
  const keys = new KeyLog(world.state.keys, world.run, name);
  const base = {
    signal,
    env: world.env,
    retry: <T>(call: () => Promise<T>) => retry(call, step.patienceSeconds * 1000, signal, world.stillTrying),
    scratch: world.state.scratch(name),
    keys,
    pipeline: world.declaration.pipeline,
    run: world.run,
    firing: firingValues(world.recalled?.get(name) ?? world.firing),
    step: name,
    ...(world.lasting ? { lasting: true as const } : {}),
    ...(world.input ? { input: world.input } : {}),
    ...options,
  };
  const lists = extended(base, readingKeysAt(pacing, signal));
  const source: Context['source'] = async (from) =>
    (await world.connections.get(from.connection)).source(from, lists);
  const reading = readingAt(pacing, signal);
  return {
    context: extended({ ...base, source }, reading),
    // What a sink reads (to compare) keeps to the pace of reads; what it writes is paced by the engine.
    sinkContext: extended(extended(base, reading), { throttled: () => pacing.write.throttled() }),
    counters: zeroCounters(),
    pacing,
    keys,
    abort: (reason) => controller.abort(reason),
  };
}

/** Does something that ends at once when the run is to stop: later on it stops between batches. */
export async function stoppedAtOnce<Done>(
  { signal }: Pick<World, 'signal'>,
  scope: Pick<Scope, 'abort'>,
  work: () => Promise<Done>,
): Promise<Done> {
  const stop = () => scope.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** All copies of the steps, nested ones too, in the order of the document. */
export function copySteps(steps: readonly Step[]): readonly CopyStep[] {
  return steps.flatMap((step) => [...(step.kind === 'copy' ? [step] : []), ...copySteps(innerSteps(step))]);
}

/** All exports of the steps, nested ones too, in the order of the document. */
export function exportSteps(steps: readonly Step[]): readonly ExportStep[] {
  return steps.flatMap((step) => [
    ...(step.kind === 'export' ? [step] : []),
    ...exportSteps(innerSteps(step)),
  ]);
}

/** All replicates of the steps, nested ones too, in the order of the document. */
export function replicateSteps(steps: readonly Step[]): readonly ReplicateStep[] {
  return steps.flatMap((step) => [
    ...(step.kind === 'replicate' ? [step] : []),
    ...replicateSteps(innerSteps(step)),
  ]);
}
