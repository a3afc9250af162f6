/** One thing that happened to a resource of a stack, or to the stack. */
export interface StackEvent {
  readonly id: string;
  readonly time: Date;
  /** Logical, within the stack. */
  readonly resource: string;
  readonly type: string;
  readonly physicalId: string;
  /** `CREATE_IN_PROGRESS`, `UPDATE_FAILED`, `DELETE_COMPLETE` … */
  readonly status: string;
  /** CloudFormation's own words; '' where it gives none. */
  readonly reason: string;
  /** Of the operation that it is part of; '' where that had none. */
  readonly token: string;
  /** It is of the whole stack, not of one resource. */
  readonly isOfStack: boolean;
}

/** A stack that something is done to. One in review has a change set that nobody has carried out yet. */
export function isUnderWay(status: string): boolean {
  return status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';
}

/** What was asked for was done. */
export function isGood(status: string): boolean {
  return /^(?:CREATE|UPDATE|IMPORT|DELETE)_COMPLETE$/.test(status);
}

/** A first creation that came to nothing. Such a stack can only be deleted. */
export function isAbortive(status: string): boolean {
  return /^(?:ROLLBACK_COMPLETE|ROLLBACK_FAILED|CREATE_FAILED)$/.test(status);
}

/**
 * Why an operation failed: the first failure in time. Those that follow are of resources that were given up because of it.
 * Undefined where none is seen.
 */
export function firstCause(events: readonly StackEvent[]): StackEvent | undefined {
  const failed = events.filter(({ status }) => status.endsWith('_FAILED'));
  const own = failed.filter(({ reason, isOfStack }) => !isOfStack && !isGivenUp(reason));
  return own.toSorted((a, b) => a.time.getTime() - b.time.getTime())[0] ?? failed[0];
}

function isGivenUp(reason: string): boolean {
  return /^Resource (?:creation|update|deletion) (?:cancelled|canceled)/i.test(reason);
}
