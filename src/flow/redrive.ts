import type { Queue, SetAside } from '../connectors/queue.js';
import type { CopyStep } from '../declare/declaration.js';
import type { RejectRecord } from '../engine/rejects.js';
import { receivedReject } from '../engine/via/outcomes.js';
import type { ErrorCode } from '../errors.js';
import { copySteps, openScope, type World } from './scope.js';

/** Of one redrive queue; what lies there beyond that is seen once some of it is settled. */
const MAX_MESSAGES = 10_000;
const AT_ONCE = 10;

/** What lies on the redrive queue of a step, out of others' sight until it is let go of. */
export interface RedriveQueue {
  readonly step: CopyStep;
  readonly queue: Queue;
  /** By what their messages are known; one message may lie there more than once. */
  readonly messages: ReadonlyMap<string, readonly SetAside[]>;
  /** Lets others see what is still there, and closes the queue. */
  close(): Promise<void>;
}

/** Looks at the redrive queue of each copy that goes through one. `seconds`: how long what is seen is kept from others. */
export async function readRedrives(
  world: World,
  seconds: number,
  isWanted: (step: CopyStep) => boolean,
): Promise<readonly RedriveQueue[]> {
  const found: RedriveQueue[] = [];
  for (const step of copySteps(world.declared)) {
    if (!step.via || !isWanted(step)) continue;
    const connection = await world.connections.get(step.via.connection);
    const queue = connection.queue?.(openScope(world, step, step.name).sinkContext);
    if (queue) found.push(await readRedrive(step, queue, seconds));
  }
  return found;
}

async function readRedrive(step: CopyStep, queue: Queue, seconds: number): Promise<RedriveQueue> {
  const messages = new Map<string, SetAside[]>();
  let count = 0;
  while (count < MAX_MESSAGES) {
    const some = await queue.aside({ max: AT_ONCE, seconds });
    if (some.length === 0) break;
    count += some.length;
    for (const one of some) messages.set(one.delivery.id, [...(messages.get(one.delivery.id) ?? []), one]);
  }
  const close = async () => {
    await queue.release([...messages.values()].flat());
    await queue.close();
  };
  return { step, queue, messages, close };
}

/** What lies there as rejects, each message once. */
export function redriveRecords({ step, messages }: RedriveQueue): readonly RejectRecord[] {
  return [...messages.values()].flatMap(([first]) => (first ? [redriveRecord(step.name, first)] : []));
}

/** A message of a redrive queue as a reject. */
export function redriveRecord(step: string, { delivery, code, message, at }: SetAside): RejectRecord {
  const run = delivery.kind === 'row' ? delivery.origin.run : '';
  return { ...receivedReject(delivery, { code: code as ErrorCode, message, step, run }), at };
}
