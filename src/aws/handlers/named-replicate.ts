import type { ReplicateStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { type HandedRun, openHandedRun } from '../../flow/handed/handed-run.js';
import { replicateSteps } from '../../flow/scope.js';
import type { Deployed } from './deployed.js';

/** The replicate that the function is of. */
export function namedReplicate({ declaration, env }: Pick<Deployed, 'declaration' | 'env'>): ReplicateStep {
  const name = env['SLUICE_STEP'];
  const step = replicateSteps(declaration.steps).find((each) => each.name === name);
  if (!step) throw new SluiceError('usage', 'SLUICE_STEP names no replicate of the pipeline');
  return step;
}

/** What it happens in, from one event to the next. */
export function lastingRun(deployed: Deployed, step: ReplicateStep): HandedRun {
  return openHandedRun({ ...deployed, signal: new AbortController().signal }, step);
}
