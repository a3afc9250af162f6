import type { Finding } from '../connectors/connector.js';
import { onlyReceived } from '../engine/journal.js';
import { isPlanned } from '../engine/plan.js';
import type { RejectRecord } from '../engine/rejects.js';
import { type Replayed, type ReplayWay, replay, wayOfCopy } from '../engine/replay.js';
import { isReplicatePlan, wayOfReplicate } from '../engine/replicate/plan.js';
import { SluiceError } from '../errors.js';
import { type OutstandingRejects, readRejects } from '../journal/read-rejects.js';
import { RejectLog } from '../journal/reject-log.js';
import { histories } from '../journal/runs.js';
import type { Guard } from '../journal/state.js';
import { prepareCopy } from './plan.js';
import { prepareReplicate } from './plan-replicate.js';
import { replicateOf } from './replicate-copy.js';
import { copySteps, replicateSteps, type World } from './scope.js';
import { copyNamed } from './single-copy.js';

/** Rejects of one run of a copy. */
export interface OpenRejects extends OutstandingRejects {
  /** A newer run had a part in the copy: it was incremental, and read other rows. */
  readonly earlier: boolean;
}

/**
 * The rejects that are still open: of each copy those of the newest run that had a part in it, which comes first. A
 * run reads the whole source again, so that rejects of runs before it say nothing about the sink any more; but a run
 * of an incremental copy does not, and what the windows before it refused is open still. So is what the changes before a
 * run's were refused for, back to where a replicate began anew.
 */
export async function openRejects({ state }: Pick<World, 'state'>): Promise<readonly OpenRejects[]> {
  const places: { readonly step: string; readonly run: string; readonly earlier: boolean }[] = [];
  const reached = new Map<string, 'open' | 'done'>();
  const since = new Map<string, string>();
  for await (const { run, steps } of histories(state.runs)) {
    for (const [step, past] of steps) {
      // Each receiver has taken other messages: what one refused says nothing about the others.
      if (onlyReceived(past)) {
        places.push({ step, run, earlier: false });
        continue;
      }
      const began = since.get(replicateOf(step)) ?? steps.get(replicateOf(step))?.followed?.since;
      if (began !== undefined) {
        since.set(replicateOf(step), began);
        if (run >= began) places.push({ step, run, earlier: false });
        continue;
      }
      const known = reached.get(step);
      if (known === undefined || (known === 'open' && past.result))
        places.push({ step, run, earlier: known !== undefined });
      const isDone =
        known === 'done' || past.window === undefined || (past.result && past.window.from === undefined);
      reached.set(step, isDone ? 'done' : 'open');
    }
  }
  const found = await Promise.all(
    places.map(async ({ step, run, earlier }) => {
      const rejects = await readRejects(state, run, step);
      // Of a message without a row the redrive queue alone says whether it is still there.
      const records = rejects.records.filter(({ received }) => received !== 'misfit');
      return { ...rejects, records, earlier };
    }),
  );
  return found.filter(({ records, settled }) => records.length + settled > 0);
}

/** Modes in which a row that comes late does not undo what came after it. */
const lateModes: ReadonlySet<unknown> = new Set(['append', 'insert', 'newest']);

/**
 * Whether rejects could undo newer rows if they were sent again: those of an incremental copy's earlier windows, where
 * the row may have changed since and come again, into a sink that keeps what comes last.
 */
export function isOutdated({ steps }: Pick<World['declaration'], 'steps'>, rejects: OpenRejects): boolean {
  const copy = copyNamed(copySteps(steps), rejects.step);
  return rejects.earlier && copy !== undefined && !lateModes.has(copy.step.to['mode']);
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
  guard: Guard,
  stop: AbortSignal,
): Promise<Replayed> {
  const { way, close } = await wayOf(world, rejects.step);
  const log = new RejectLog(world.state, rejects, guard);
  try {
    return await replay(way, records, log, stop);
  } finally {
    await log.close();
    await close();
  }
}

interface OpenWay {
  readonly way: ReplayWay;
  close(): Promise<void>;
}

async function wayOf(world: World, name: string): Promise<OpenWay> {
  const { steps } = world.declaration;
  const replicate = replicateSteps(steps).find((step) => step.name === replicateOf(name));
  if (replicate) {
    const { planned } = await prepareReplicate(world, replicate, { replay: true, handed: true });
    sayRefusal(name, planned.findings);
    if (!isReplicatePlan(planned)) throw new Error('what is not planned is refused');
    const ends = [planned.feed, planned.sink];
    return { way: wayOfReplicate(planned), close: () => closeAll(ends) };
  }
  const copy = copyNamed(copySteps(steps), name);
  if (!copy) {
    throw new SluiceError('usage', `the declaration has no step ${name}`, {
      hint: 'it was renamed or removed since the run; put it back to replay its rejects',
    });
  }
  // Through the queue, where there is one: who sends may have no access to the sink.
  const { planned } = await prepareCopy({ ...world, half: 'send' }, copy, { replay: true });
  sayRefusal(name, planned.findings);
  if (!isPlanned(planned)) throw new Error('what is not planned is refused');
  const ends = [planned.source, planned.sink];
  return { way: wayOfCopy(planned), close: () => closeAll(ends) };
}

function sayRefusal(name: string, findings: readonly Finding[]): void {
  const refused = findings.find(({ level, code }) => level === 'refuse' && code !== 'key_not_unique');
  if (!refused) return;
  throw new SluiceError('plan_refused', `${name}: ${refused.message}`, {
    ...(refused.hint === undefined ? {} : { hint: refused.hint }),
  });
}

async function closeAll(ends: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(ends.map((end) => end.close()));
}
