import { join } from 'node:path';
import { isPlanned } from '../engine/plan.js';
import type { RejectRecord } from '../engine/rejects.js';
import { type Replayed, replay } from '../engine/replay.js';
import { SluiceError } from '../errors.js';
import { RejectFile } from '../journal/reject-file.js';
import { type OutstandingRejects, readRejects } from '../journal/reject-folder.js';
import { histories } from '../journal/runs.js';
import { prepareCopy } from './plan.js';
import { copySteps, rejectsFolder, type World } from './scope.js';
import { copyNamed } from './single-copy.js';

/**
 * The rejects that are still open: of each copy those of the newest run that had a part in it. A run reads the
 * whole source again, so that rejects of runs before it say nothing about the sink any more.
 */
export async function openRejects(
  world: Pick<World, 'state' | 'declaration'>,
): Promise<readonly OutstandingRejects[]> {
  const newest = new Map<string, string>();
  for await (const history of histories(join(world.state, world.declaration.pipeline, 'runs'))) {
    for (const step of history.steps.keys()) if (!newest.has(step)) newest.set(step, history.run);
  }
  const found = await Promise.all(
    [...newest].map(([step, run]) => readRejects(rejectsFolder(world), run, step)),
  );
  return found.filter(({ records, settled }) => records.length + settled > 0);
}

/** Some of a copy's rejects, to be sent again. */
export interface ReplayRequest {
  readonly rejects: OutstandingRejects;
  readonly records: readonly RejectRecord[];
}

/**
 * Sends rejects again through the present declaration. Throws `plan_refused` if the copy cannot be planned;
 * then nothing has been written.
 */
export async function replayRejects(
  world: World,
  { rejects, records }: ReplayRequest,
  guard: () => Promise<void>,
  stop: AbortSignal,
): Promise<Replayed> {
  const copy = copyNamed(copySteps(world.declaration.steps), rejects.step);
  if (!copy) {
    throw new SluiceError('usage', `the declaration has no step ${rejects.step}`, {
      hint: 'it was renamed or removed since the run; put it back to replay its rejects',
    });
  }
  const { planned } = await prepareCopy(world, copy, { replay: true });
  const refused = planned.findings.find(({ level, code }) => level === 'refuse' && code !== 'key_not_unique');
  if (!isPlanned(planned) || refused) {
    throw new SluiceError('plan_refused', `${rejects.step}: ${refused?.message ?? 'it cannot be planned'}`, {
      ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
    });
  }
  const file = new RejectFile(rejects.path, guard);
  try {
    return await replay(planned, records, file, stop);
  } finally {
    await file.close();
    await Promise.all([planned.source.close(), planned.sink.close()]);
  }
}
