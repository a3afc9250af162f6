import { type PlannedStep, planSteps } from '../flow/plan.js';
import type { World } from '../flow/scope.js';
import type { Io } from './io.js';

/** Plans every step, and says what it waits for while a server does not answer. */
export async function planAloud(world: World, io: Io): Promise<readonly PlannedStep[]> {
  let isPlanning = true;
  const stillTrying: World['stillTrying'] = ({ message }) => {
    if (isPlanning) io.err(`still trying: ${message}`);
  };
  try {
    return await planSteps({ ...world, stillTrying });
  } finally {
    isPlanning = false;
  }
}
