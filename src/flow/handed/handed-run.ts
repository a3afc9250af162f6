import type { CopyStep, Declaration, ReplicateStep } from '../../declare/declaration.js';
import { zeroCounters } from '../../engine/counters.js';
import { QUEUE_PART } from '../../engine/journal.js';
import type { RejectStore } from '../../engine/rejects.js';
import { SluiceError } from '../../errors.js';
import { RejectLog } from '../../journal/reject-log.js';
import { RunJournal, readHistory } from '../../journal/runs.js';
import { anybody, type PipelineState } from '../../journal/state.js';
import { newAttempt } from '../apart/open-apart.js';
import type { LoadConnector } from '../connections.js';
import { runHash } from '../open-run.js';
import { openWorld, type World } from '../scope.js';
import { KnownRejects } from './known-rejects.js';

/** Where a function is handed changes: they are of no run, and yet their rejects must be found. */
export interface Surroundings {
  readonly declaration: Declaration;
  readonly state: PipelineState;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly load: LoadConnector;
  readonly signal: AbortSignal;
}

/** What all functions that are handed changes are a run of: it has no beginning and no end. Before all others. */
export const HANDED_RUN = '00000000t000000-0000';
/** What it acts for is never asked. */
const firing = { time: '1970-01-01T00:00:00.000Z', zone: 'UTC' };
/** So often another function is waited for that notes the same. */
const MAX_LOOKS = 60;
const LOOK_MS = 1000;

export interface HandedRun {
  readonly world: World;
  readonly rejects: RejectStore;
  close(): Promise<void>;
}

/** `step`: of a replicate, or of a copy that is received. Nothing is written to the state before there is a reject. */
export function openHandedRun(about: Surroundings, step: CopyStep | ReplicateStep): HandedRun {
  const { declaration, state, env, load, signal } = about;
  const world = openWorld(declaration, { env, state, run: HANDED_RUN, firing, load, signal });
  const of = { run: HANDED_RUN, step: step.name };
  const log = new RejectLog(state, of, anybody, newAttempt());
  const known = new KnownRejects();
  let noted: Promise<void> | undefined;
  return {
    world,
    rejects: {
      add: async (lines) => {
        const fresh = known.unknown(lines);
        if (fresh.length === 0) return;
        noted ??= note(about, step);
        await noted;
        await log.add(fresh);
        known.keep(fresh);
      },
      open: (tokens) => log.open(tokens),
      close: () => log.close(),
    },
    close: async () => {
      await Promise.all([log.close(), world.connections.close()]);
    },
  };
}

/** That there is such a run: whoever lists rejects goes through the runs. */
async function note(
  { declaration, state, signal }: Surroundings,
  step: CopyStep | ReplicateStep,
): Promise<void> {
  for (let look = 1; ; look++) {
    const history = await readHistory(state.runs, HANDED_RUN);
    if (history?.steps.has(step.name)) return;
    try {
      const lease = await state.lease('handed');
      try {
        const head = { run: HANDED_RUN, hash: runHash(declaration), firing };
        const journal = history
          ? await RunJournal.last(state.runs, HANDED_RUN, lease)
          : await RunJournal.create(state.runs, head, lease);
        await noteStep(journal, step);
        if (!history) await journal.end('complete');
        await journal.close();
        return;
      } finally {
        await lease.release();
      }
    } catch (error) {
      const isHeld = error instanceof SluiceError && error.code === 'run_locked';
      if (!isHeld || look >= MAX_LOOKS) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      signal.throwIfAborted();
    }
  }
}

async function noteStep(journal: RunJournal, { kind, name }: CopyStep | ReplicateStep): Promise<void> {
  if (kind === 'copy') {
    await journal.step(name).begin([{ id: QUEUE_PART, range: 'handed over' }]);
    return;
  }
  // No place of a stream: a run that would begin there is refused, since the functions are at work.
  const point = { of: 'functions', place: '{}', since: HANDED_RUN, counts: zeroCounters(), sequence: 0 };
  await journal.followed(name).begin(point);
}
