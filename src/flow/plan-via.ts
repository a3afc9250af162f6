import type { Finding, Sink } from '../connectors/connector.js';
import type { QueueDescription } from '../connectors/queue.js';
import type { CopyStep } from '../declare/declaration.js';
import { type CopyPlan, isPlanned, type Planned, planCopy } from '../engine/plan.js';
import { QueueSink } from '../engine/via/queue-sink.js';
import { QueueSource } from '../engine/via/queue-source.js';
import { needsSourceTimes, type Receiving } from '../engine/via/receiving.js';
import { SluiceError } from '../errors.js';
import type { PreparedCopy } from './plan.js';
import type { Scope, World } from './scope.js';
import type { SingleCopy } from './single-copy.js';

/** The queue of a copy, by what of it is run. */
export type PlannedVia =
  | {
      readonly half: 'send' | 'both';
      /** The sink of the copy's plan. */
      readonly sink: QueueSink;
    }
  | {
      readonly half: 'receive';
      /** The source of the copy's plan. */
      readonly source: QueueSource;
    };

/** Undefined for a step without a queue, and where the world does not look at queues. */
export async function openVia(world: World, step: CopyStep, scope: Scope): Promise<PlannedVia | undefined> {
  const { half } = world;
  if (!step.via || !half) return undefined;
  const connection = await world.connections.get(step.via.connection);
  const queue = connection.queue?.(scope.sinkContext);
  if (!queue) {
    const message = `${step.via.connection} is not a queue`;
    throw new SluiceError('declaration_invalid', message, { path: `${step.path}.via` });
  }
  if (half === 'receive') return { half, source: new QueueSource(queue) };
  const behind = half === 'both' ? await openSink(world, step, scope) : undefined;
  return { half, sink: new QueueSink(queue, scope.sinkContext, behind) };
}

export async function openSink(world: World, step: CopyStep, scope: Scope): Promise<Sink> {
  const to = await world.connections.get(step.to.connection);
  return to.sink(step.to, scope.sinkContext);
}

/**
 * Plans the receiving half by itself, without the source: it may lie in an account to which there is no access. What
 * is mapped and masked was so before it was sent.
 */
export async function prepareReceiver(
  world: World,
  { name, step }: SingleCopy,
  scope: Scope,
  via: PlannedVia & { readonly half: 'receive' },
): Promise<PreparedCopy> {
  const { mask: _mask, row: _row, ...rest } = step;
  const plain: CopyStep = { ...rest, map: {}, empty: 'keep', nulls: 'keep' };
  const sink = await openSink(world, step, scope);
  const planned = await planCopy({
    name,
    step: plain,
    source: via.source,
    sink,
    trial: false,
    unproved: true,
  });
  if (isPlanned(planned)) scope.pacing.use(planned.step.pace);
  const findings = [...viaFindings(world, planned, via), ...planned.findings];
  return { name, step, scope, planned: { ...planned, findings }, early: false, via };
}

/** What is wrong with the queue, unless it is planned for being deployed. */
export function viaFindings(world: World, planned: Planned, via: PlannedVia | undefined): readonly Finding[] {
  if (!via || !isPlanned(planned) || world.deploying) return [];
  const { unseen } = queueOf(via);
  if (!unseen) return besideFunctions(world, planned, via);
  const hint = 'sluice deploy makes it, since the connection says `create: true`';
  return [{ level: 'refuse', path: 'via', hint, ...unseen }];
}

/** A queue that deploying has made has functions that receive from it. */
function besideFunctions(
  { declaration, state }: World,
  { step }: CopyPlan,
  { half }: PlannedVia,
): readonly Finding[] {
  const isMade = declaration.connections[step.via?.connection ?? '']?.['create'] === true;
  if (!isMade || half === 'send' || state.sharedTimes || !needsSourceTimes(step)) return [];
  const message =
    'functions receive from this queue, too, and do not know what is received here: an older row could go over a newer one';
  const hint =
    'run it with the state that they have, StateUrl of the stack (--state dynamodb://…); or only send: --only send';
  return [{ level: 'warn', code: 'note', path: 'via', message, hint }];
}

/** Of a copy that is planned. */
export function queueOf(via: PlannedVia): QueueDescription {
  return via.half === 'receive' ? via.source.description : via.sink.description;
}

/** What of a planned copy receives: nothing where it only sends. */
export function receivingOf(plan: CopyPlan, via: PlannedVia): Receiving | undefined {
  const { name, step } = plan;
  if (via.half === 'receive') {
    const { queue, description } = via.source;
    return { name, step, queue, description, sink: plan.sink, sinkPlan: plan.sinkPlan };
  }
  const { behind, queue, description } = via.sink;
  return behind && { name, step, queue, description, ...behind };
}
