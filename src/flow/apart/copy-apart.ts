import type { CopyStep } from '../../declare/declaration.js';
import type { CopyRun } from '../../engine/copy-run.js';
import { type CopyPlan, isPlanned } from '../../engine/plan.js';
import { SluiceError } from '../../errors.js';
import { RejectLog } from '../../journal/reject-log.js';
import { prepareCopy } from '../plan.js';
import type { SingleCopy } from '../single-copy.js';
import type { Joined } from './open-apart.js';

/** A copy that is planned anew in this process, and what it is run with. */
export interface CopyApart {
  readonly plan: CopyPlan;
  readonly run: CopyRun;
  /** Forgets what is kept for the copy's end, once that is recorded. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Plans a copy for this process; of one through a queue the half that sends. `first`: with all that is looked at before anything is written; processes that join later
 * rely on it. `worker`: whose rejects these are.
 * @throws SluiceError plan_refused, unsupported where no more than one process may do it
 */
export async function copyApart(
  { world, journal }: Joined,
  { name, step }: SingleCopy,
  { first = false, worker, stop }: { first?: boolean; worker?: string; stop: AbortSignal },
): Promise<CopyApart> {
  const { planned, scope, via } = await prepareCopy(
    { ...world, half: 'send' },
    { name, step },
    first ? { trial: true } : provenBefore(step),
  );
  const close = async () => {
    if (isPlanned(planned)) await Promise.all([planned.source.close(), planned.sink.close()]);
  };
  const refused = planned.findings.find(({ level }) => level === 'refuse');
  if (!isPlanned(planned) || refused || planned.sinkPlan.processes === 'one') {
    await close();
    throw isPlanned(planned) && !refused ? onlyTogether(name) : refusedPlan(name, refused);
  }
  const { state, run } = world;
  await state.makeScratch(name);
  const of = { run, step: name };
  const copyRun: CopyRun = {
    run,
    counters: scope.counters,
    journal: journal.step(name),
    rejects: new RejectLog(state, of, journal.guard, worker),
    pacer: via ? scope.pacing.send : scope.pacing.write,
    stop,
    abort: scope.abort,
    signal: scope.context.signal,
  };
  return {
    plan: planned,
    run: copyRun,
    forget: () => scope.keys.forget(),
    close: async () => {
      await copyRun.rejects.close();
      await close();
    },
  };
}

/** That keys are unique was proved by who planned first; only whether the last of equal ones counts matters later. */
function provenBefore({ to }: CopyStep): { readonly unproved?: true } {
  return to['duplicates'] === 'last' ? {} : { unproved: true };
}

function refusedPlan(
  name: string,
  refused: { readonly message: string; readonly hint?: string } | undefined,
): SluiceError {
  return new SluiceError('plan_refused', `${name}: ${refused?.message ?? 'not planned'}`, {
    ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
  });
}

function onlyTogether(name: string): SluiceError {
  return new SluiceError(
    'unsupported',
    `${name}: what it keeps while it writes is known to one process only`,
    {
      hint: 'run it from a machine with `sluice run`, or choose a mode whose parts several functions can copy',
    },
  );
}
