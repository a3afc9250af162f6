import type { RetryDeclaration } from './declaration.js';
import type { StepOptions } from './schema/step-fields.js';

const DEFAULT_BACKOFF = 2;

/** How often a step is started, with the defaults filled in. */
export function retryDeclaration({ retry }: Pick<StepOptions, 'retry'>): RetryDeclaration {
  const { attempts = 1, backoff = DEFAULT_BACKOFF, on } = retry ?? {};
  return { attempts, backoff, ...(on && { on }) };
}
