import type { Sink, SinkPlan } from '../../connectors/connector.js';
import type { Queue, QueueDescription } from '../../connectors/queue.js';
import type { CopyStep } from '../../declare/declaration.js';

/** What is known of the half of a copy that takes messages off its queue and writes them. */
export interface Receiving {
  readonly name: string;
  /** With its pace in numbers. */
  readonly step: CopyStep;
  readonly queue: Queue;
  readonly description: QueueDescription;
  readonly sink: Sink;
  readonly sinkPlan: SinkPlan;
}

/** Modes whose sink itself keeps what is there or what is newer; every other needs to know what it wrote last. */
const selfGuarding: ReadonlySet<unknown> = new Set(['insert', 'newest']);

export function needsSourceTimes({ to }: CopyStep): boolean {
  return !selfGuarding.has(to['mode']);
}
