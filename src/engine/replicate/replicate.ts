import type { Writer } from '../../connectors/connector.js';
import type { FeedPlace } from '../../connectors/feed.js';
import type { LoadDeclaration } from '../../declare/declaration.js';
import { addCounters, type Counters, zeroCounters } from '../counters.js';
import { checkSum } from '../finish-copy.js';
import { settledRows } from '../rejects.js';
import { follow } from './follow.js';
import { Gathering, type Load } from './load.js';
import type { ReplicatePlan } from './plan.js';
import type { Followed, LoadIntent } from './replicate-journal.js';
import type { ReplicateResult, ReplicateRun } from './replicate-run.js';
import { type Budget, checkBudget, writeLoad } from './write-load.js';

/** After a request to stop, connectors get this long to finish what they are writing. */
const GRACE_MS = 8_000;
/** After so many loads the journal begins anew with the place: it never holds the records of more. */
const LOADS_BETWEEN_CHECKPOINTS = 500;
/** A load for a paced sink is at most this share of what may be written in a second. */
const PACED_SHARE = 0.5;

/**
 * Runs a planned replicate from where its journal says that it stands: feed → transform → loads → one writer. Without
 * `drain` it ends only by `stop`. Returns when it has caught up and all that was read is durable. Throws the first failure, or the
 * reason of `stop` behind the load under way; the sink has been told to abandon.
 */
export async function runReplicate(plan: ReplicatePlan, run: ReplicateRun): Promise<ReplicateResult> {
  const started = performance.now();
  Object.assign(run.counters, zeroCounters());
  const grace = withGrace(run);
  const drift = plan.transform.watchDrift();
  try {
    const { past } = run.journal;
    if (!past) throw new Error('a replicate is begun before it is run');
    await plan.sink.open({ resume: past.sequence > 0 });
    const replicate = new Replicate(plan, run, past, await plan.sink.writer());
    const place = await replicate.run();
    checkSum(plan.name, run.counters);
    const { deleted } = await plan.sink.finish({ rejected: run.counters.rejected });
    const seconds = (performance.now() - started) / 1000;
    const seen = drift && { drift: drift.report() };
    const result = { ...run.counters, deleted, seconds, consistency: 'the stream', ...seen };
    await run.journal.complete(result);
    return { ...result, place };
  } catch (error) {
    await plan.sink.abandon();
    run.abort(error);
    throw error;
  } finally {
    grace();
    await run.rejects.close();
  }
}

/** Gives what ends the watch. */
function withGrace(run: ReplicateRun): () => void {
  let timer: NodeJS.Timeout | undefined;
  const onStop = () => {
    timer = setTimeout(() => run.abort(run.stop.reason), GRACE_MS);
  };
  run.stop.addEventListener('abort', onStop);
  if (run.stop.aborted) onStop();
  return () => {
    run.stop.removeEventListener('abort', onStop);
    clearTimeout(timer);
  };
}

/** One attempt: what it has done so far, and where it stands. */
class Replicate {
  readonly #plan: ReplicatePlan;
  readonly #run: ReplicateRun;
  readonly #past: Followed;
  readonly #writer: Writer;
  readonly #budget: Budget = { read: 0, rejected: 0 };
  #place: FeedPlace;
  #sequence: number;
  /** Loads whose intents were recorded since the journal began anew. */
  #sinceCheckpoint = 0;
  #underWay: Promise<void> | undefined;

  constructor(plan: ReplicatePlan, run: ReplicateRun, past: Followed, writer: Writer) {
    this.#plan = plan;
    this.#run = run;
    this.#past = past;
    this.#writer = writer;
    this.#place = past.place;
    this.#sequence = past.sequence;
  }

  /** Gives the place at its end. */
  async run(): Promise<FeedPlace> {
    try {
      addCounters(this.#run.counters, this.#past.counts);
      await this.#settle();
      await this.#checkpoint();
      await this.#follow();
    } finally {
      await this.#writer.close();
    }
    await this.#checkpoint();
    checkBudget(this.#plan, this.#budget, undefined, true);
    return this.#place;
  }

  /** The loads since the point: those without a commit may or may not be in the sink. */
  async #settle(): Promise<void> {
    const { loads } = this.#past;
    const { commits } = this.#run.journal;
    const open = loads.filter(({ token }) => !commits.has(token));
    const tokens = open.map(({ token }) => token);
    const recorded = tokens.length === 0 ? undefined : await this.#plan.sink.recorded?.(tokens);
    for (const load of loads) {
      this.#sequence = Math.max(this.#sequence, load.sequence + 1);
      const done = commits.get(load.token);
      if (done) this.#advance(load, done);
      else {
        const found = recorded?.get(load.token);
        // What the sink refused of it is known by writing it once more: the ledger tells again, and nothing is written.
        if (found && found.rejected === 0) await this.#commit(load, countsOf(load, found));
        else await this.#again(load);
      }
    }
  }

  /** A load that is not in the sink for sure: the same changes, written under the same token. */
  async #again(intent: LoadIntent): Promise<void> {
    const { step, feed } = this.#plan;
    const gathering = new Gathering(unlimited, this.#plan.transform, step);
    for (const stretch of intent.stretches) {
      for await (const batch of feed.again(stretch)) gathering.add(batch, 0);
    }
    const { token } = intent;
    const before = (await this.#run.rejects.open(new Set([token]))).get(token);
    const load = { ...gathering.take(intent.sequence), stretches: intent.stretches };
    const rejected = new Set<number>();
    const counts = await writeLoad(
      this.#plan,
      keeping(this.#run, rejected),
      this.#writer,
      load,
      this.#budget,
    );
    // A declaration that was mended meanwhile takes rows that the attempt before refused.
    const settled = [...(before ?? [])].filter((index) => !rejected.has(index));
    await this.#run.rejects.add(settledRows(token, settled, 'written'));
    await this.#commit(load, counts);
  }

  async #follow(): Promise<void> {
    const { step, feed } = this.#plan;
    const limits = limitsOf(this.#plan, this.#run);
    const request = { maxRows: limits.rows, maxBytes: limits.bytes, drain: this.#run.drain };
    await follow({
      changes: feed.read(this.#place, request),
      gathering: new Gathering(limits, this.#plan.transform, step),
      intend: (load) => this.#intend(load),
      write: (load) => {
        this.#underWay = this.#write(load);
        return this.#underWay;
      },
      nextSequence: () => this.#sequence++,
      waits: (rows) => Object.assign(this.#run.lag, feed.lag(), { waiting: rows }),
      stop: this.#run.stop,
    });
  }

  /** The journal begins anew between two loads: what is recorded of this one must not be lost. */
  async #intend(load: Load): Promise<void> {
    if (this.#sinceCheckpoint >= LOADS_BETWEEN_CHECKPOINTS) {
      await this.#underWay;
      await this.#checkpoint();
    }
    this.#sinceCheckpoint++;
    await this.#run.journal.intend(intentOf(load));
  }

  async #write(load: Load): Promise<void> {
    const counts = await writeLoad(this.#plan, this.#run, this.#writer, load, this.#budget);
    await this.#commit(load, counts);
    load.release();
    checkBudget(this.#plan, this.#budget);
    this.#run.lag.loads++;
  }

  async #commit(load: LoadIntent, counts: Counters): Promise<void> {
    await this.#run.journal.commit(load.token, counts);
    this.#advance(load, counts);
  }

  #advance({ stretches }: LoadIntent, counts: Counters): void {
    addCounters(this.#run.counters, counts);
    this.#place = this.#plan.feed.advance(this.#place, stretches);
  }

  /** Only while no load is under way, nor intended. */
  async #checkpoint(): Promise<void> {
    const { of, since } = this.#past;
    const counts = { ...this.#run.counters };
    await this.#run.journal.checkpoint({ of, since, place: this.#place, counts, sequence: this.#sequence });
    this.#sinceCheckpoint = 0;
  }
}

export const unlimited: LoadDeclaration = {
  rows: Number.MAX_SAFE_INTEGER,
  bytes: Number.MAX_SAFE_INTEGER,
  seconds: Number.MAX_SAFE_INTEGER,
};

/** A load is not split by the pace (its token is one entry of the ledger), so it is as small as the pace asks for. */
export function limitsOf(
  { step }: Pick<ReplicatePlan, 'step'>,
  { pacer }: Pick<ReplicateRun, 'pacer'>,
): LoadDeclaration {
  const { rows, bytes, seconds } = step.load;
  if (!pacer.limits) return step.load;
  const { items = rows, bytes: bytesPerSecond = bytes, units = rows } = pacer.rates;
  const paced = (limit: number, perSecond: number) =>
    Math.max(1, Math.min(limit, Math.floor(perSecond * PACED_SHARE)));
  return { rows: paced(paced(rows, items), units), bytes: paced(bytes, bytesPerSecond), seconds };
}

function intentOf({ token, sequence, rows, bytes, stretches }: Load): LoadIntent {
  return { token, sequence, rows, bytes, stretches };
}

function countsOf(
  { rows, bytes }: LoadIntent,
  {
    written,
    unchanged,
    units,
  }: { readonly written: number; readonly unchanged: number; readonly units: number },
): Counters {
  return { read: rows, written, unchanged, rejected: rows - written - unchanged, bytes, units };
}

/** The run, with the numbers of the rows that are rejected noted. */
function keeping(run: ReplicateRun, rejected: Set<number>): ReplicateRun {
  const { rejects } = run;
  return {
    ...run,
    rejects: {
      add: async (lines) => {
        for (const { index } of lines) rejected.add(index);
        await rejects.add(lines);
      },
      open: (tokens) => rejects.open(tokens),
      close: () => rejects.close(),
    },
  };
}
