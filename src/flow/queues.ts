import type { QueueDescription } from '../connectors/queue.js';
import type { PaceDeclaration } from '../declare/declaration.js';
import { isPlanned } from '../engine/plan.js';
import { type PlannedStep, preparedCopies } from './plan.js';
import { queueOf } from './plan-via.js';

/** A queue that a copy goes through, as it is or will be, and the pace of the copy in numbers. */
export interface PlannedQueue {
  readonly description: QueueDescription;
  readonly pace: PaceDeclaration;
}

/** By the names of the steps that go through one. */
export function queuesOf(planned: readonly PlannedStep[]): ReadonlyMap<string, PlannedQueue> {
  const queues = preparedCopies(planned).flatMap(({ name, planned: plan, via }): [string, PlannedQueue][] =>
    via && isPlanned(plan) ? [[name, { description: queueOf(via), pace: plan.step.pace }]] : [],
  );
  return new Map(queues);
}
