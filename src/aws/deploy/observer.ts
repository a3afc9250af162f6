import type { StackEvent } from './stack-events.js';

export type StackAction = 'create' | 'update' | 'delete' | 'follow';
export type StackResult = 'created' | 'updated' | 'unchanged' | 'deleted' | 'absent';

/** What a person sees of a deployment while it goes on. */
export interface DeployObserver {
  /** `resources`: how many the stack has, or will have. */
  begun(stack: string, action: StackAction, resources: number): void;
  happened(stack: string, event: StackEvent): void;
  /** An asset was put into its bucket, or was there already. */
  asset(stack: string, hash: string, bytes: number, isNew: boolean): void;
  /** Something besides: what is cleaned up, what is waited for. */
  said(stack: string, line: string): void;
  ended(stack: string, result: StackResult): void;
}
