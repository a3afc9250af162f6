import type { Outputs, Resources } from '../template/template.js';
import type { Watched } from './dashboard.js';
import type { GuestRole } from './guest.js';

/** What one kind of work adds to a pipeline's stacks. */
export interface Part {
  readonly resources: Resources;
  readonly outputs: Outputs;
  /** What it does as roles of other accounts. */
  readonly guests: readonly GuestRole[];
  readonly watched: Watched;
}
