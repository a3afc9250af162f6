import type { StepValues } from '../expression/values.js';

/** Lines of the journal about steps of any kind. Holds what calls gave, and no other values. */
export type FlowRecord =
  /** A wait has begun. */
  | { readonly is: 'waiting'; readonly step: string; readonly until: string }
  /** A step that is no copy is complete, or one of any kind was skipped. */
  | { readonly is: 'ended'; readonly step: string; readonly values: StepValues }
  /** The last attempt at a step failed. */
  | { readonly is: 'failed'; readonly step: string; readonly values: StepValues }
  /** What is recorded of the step is over: it begins once more. */
  | { readonly is: 'again'; readonly step: string }
  /** Its parts were given out to other processes, in this attempt. */
  | { readonly is: 'planned'; readonly step: string; readonly attempt: string }
  /** One of these processes failed. */
  | ({ readonly is: 'lost'; readonly step: string } & Loss);

/** Why a process failed that was to copy parts. */
export interface Loss {
  readonly attempt: string;
  readonly error: NonNullable<StepValues['error']>;
}

/** The records of one step put together. */
export interface FlowPast {
  /** Until when it waits: ISO 8601, UTC. */
  readonly until?: string;
  /** Complete or skipped: this run does not run it again. */
  readonly ended?: StepValues;
  /** It failed, and has not begun again since. */
  readonly failed?: StepValues;
  /** The newest attempt at copying its parts in other processes. */
  readonly planned?: string;
  readonly losses?: readonly Loss[];
}

const kinds: ReadonlySet<string> = new Set<FlowRecord['is']>([
  'waiting',
  'ended',
  'failed',
  'again',
  'planned',
  'lost',
]);

export function isFlowRecord(record: { readonly is: string }): record is FlowRecord {
  return kinds.has(record.is);
}

/** What is known of a step after one more record. */
export function flowPast(past: FlowPast, record: FlowRecord): FlowPast {
  switch (record.is) {
    case 'waiting':
      return { ...past, until: record.until };
    case 'ended':
      return { ended: record.values };
    case 'failed':
      return { ...past, failed: record.values };
    case 'again':
      return {};
    case 'planned':
      return { ...past, planned: record.attempt };
    case 'lost': {
      const { attempt, error } = record;
      return { ...past, losses: [...(past.losses ?? []), { attempt, error }] };
    }
  }
}
