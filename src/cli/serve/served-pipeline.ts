import type { Declaration } from '../../declare/declaration.js';
import { histories, isResumable, type RunHistory } from '../../journal/runs.js';
import type { Served } from '../../journal/served.js';
import type { PipelineState } from '../../journal/state.js';
import { firingBefore, firingsAfter } from '../../schedule/firings.js';
import type { Schedule } from '../../schedule/schedule.js';
import type { Firing } from '../../values/firing.js';
import { utcText, zonedText } from '../clock-text.js';
import { exitStatus } from '../exit-status.js';
import { durationText } from '../text.js';
import type { RunEvent, Runs } from './child-run.js';
import type { Clock } from './clock.js';
import { type Due, dueFirings } from './due.js';
import type { Say } from './say.js';

/** A pipeline and where its runs are kept. A rate counts from its start. */
export interface ScheduledPipeline {
  readonly declaration: Declaration;
  readonly schedule: Schedule;
  readonly missed: 'run-once' | 'skip';
  readonly state: PipelineState;
}

export interface Serving {
  readonly clock: Clock;
  readonly runs: Runs;
  readonly say: Say;
  /** Ends the serving; a run that goes on is stopped between batches. */
  readonly signal: AbortSignal;
}

/** A firing that begins later than this has been missed. AWS promises its minute. */
const LATE_MS = 60_000;

/** A firing's own run may come after one that was interrupted, and that may be interrupted by hand. */
const MAX_RUNS_OF_FIRING = 3;

/** How many of the newest runs are looked at for a firing's. */
const MAX_RUNS_READ = 20;

/**
 * Serves one pipeline: waits for what is due, runs it, records it, one run at a time.
 *
 * due ──▶ pending is recorded ──▶ run ──▶ handled is recorded ──▶ next
 *
 * A kill between the two records leaves `pending`: the next serve goes on with that firing's run before anything else,
 * or begins it where it had not begun. So each firing gets its run at least once.
 */
export class ServedPipeline {
  readonly #pipeline: ScheduledPipeline;
  readonly #around: Serving;
  #served: Served;
  #failed = false;

  constructor(pipeline: ScheduledPipeline, around: Serving, served: Served) {
    this.#pipeline = pipeline;
    this.#around = around;
    this.#served = served;
  }

  /** Returns when it is stopped, or nothing fires any more; whether the last run failed. */
  async serve(): Promise<{ readonly failed: boolean }> {
    const { clock, signal } = this.#around;
    const { schedule } = this.#pipeline;
    this.#saySchedule();
    await this.#goOn();
    while (!signal.aborted) {
      const handled = Date.parse(this.#served.handled);
      const due = dueFirings(schedule, handled, clock.now());
      if (due) {
        await this.#fire(due);
        continue;
      }
      const [next] = firingsAfter(schedule, handled, 1);
      if (next === undefined) {
        this.#say({ event: 'done' }, 'no more firings');
        break;
      }
      await clock.until(next, signal);
    }
    return { failed: this.#failed };
  }

  /** What the last server left unfinished. */
  async #goOn(): Promise<void> {
    const { pending } = this.#served;
    if (!pending) return;
    const done = await this.#find((history) => history.firing.time === pending.time && !isResumable(history));
    if (done) {
      await this.#handled(pending, true);
      return;
    }
    this.#say(
      { event: 'fires', ...pending, again: true },
      `goes on with the firing of ${this.#timeText(pending)}`,
    );
    await this.#act(pending);
  }

  async #fire({ first, last, count }: Due): Promise<void> {
    const { schedule, missed } = this.#pipeline;
    const { clock } = this.#around;
    const late = clock.now() - last > LATE_MS;
    if (missed === 'skip') {
      await this.#skip(late ? count : count - 1, last, late);
      if (late) return;
    }
    const { covered } = this.#served;
    const isFromCovered = missed === 'run-once' && covered !== undefined;
    const start = isFromCovered
      ? Date.parse(covered)
      : firingBefore(schedule, missed === 'skip' ? last : first);
    const firing = firingOf(schedule, last, start);
    await this.#record({ ...this.#served, pending: firing });
    const merged = missed === 'skip' ? 0 : count - 1;
    const text = `fires for ${this.#timeText(firing)}`;
    const more = merged > 0 ? `, and for ${merged} missed before it` : late ? ', which was missed' : '';
    this.#say({ event: 'fires', ...firing, late, missed: merged }, `${text}${more}`);
    await this.#act(firing);
  }

  async #skip(count: number, last: number, all: boolean): Promise<void> {
    if (count > 0) {
      const text = count === 1 ? 'a missed firing is skipped' : `${count} missed firings are skipped`;
      this.#say({ event: 'skipped', count, reason: 'missed' }, `${text} (missed: skip)`);
    }
    if (!all) return;
    const upTo = new Date(last).toISOString();
    await this.#record({ ...this.#served, handled: upTo, covered: upTo });
  }

  /** Runs until the firing has had its own run: an interrupted one of an earlier firing goes on first. */
  async #act(firing: Firing): Promise<void> {
    for (let round = 1; round <= MAX_RUNS_OF_FIRING; round++) {
      const { status, run } = await this.#runOnce(firing);
      const isStopped = status === exitStatus.interrupted || status === exitStatus.terminated;
      if (isStopped && this.#around.signal.aborted) return;
      const history = await this.#find((each) => each.run === run);
      const isOwn = history?.firing.time === firing.time;
      const isWell = status === exitStatus.complete || status === exitStatus.rejects;
      this.#failed = !isWell;
      if (isWell && history && !isOwn && round < MAX_RUNS_OF_FIRING) continue;
      await this.#handled(firing, isOwn);
      return;
    }
  }

  async #runOnce(firing: Firing): Promise<{ readonly status: number; readonly run: unknown }> {
    const { clock, runs, signal } = this.#around;
    const { declaration, state } = this.#pipeline;
    const began = clock.now();
    const done = new AbortController();
    const watching = this.#watch(began, AbortSignal.any([signal, done.signal]));
    let run: unknown;
    let outcome: unknown = 'killed';
    try {
      const status = await runs({
        file: declaration.file,
        state: state.address,
        firing,
        signal,
        event: (event) => {
          if (event.event === 'run') run = event['run'];
          if (event.event === 'summary') outcome = event['outcome'];
          this.#pass(event);
        },
        line: (line) => this.#say({ event: 'line', line }, line, true),
      });
      const seconds = (clock.now() - began) / 1000;
      const text = `run ${run ?? '(none)'} ended: ${outcome}, exit ${status}, ${durationText(seconds)}`;
      this.#say({ event: 'ended', time: firing.time, run, outcome, status, seconds }, text, status !== 0);
      return { status, run };
    } finally {
      done.abort();
      await watching;
    }
  }

  /** Says of each firing that comes due while a run goes on what becomes of it. */
  async #watch(after: number, signal: AbortSignal): Promise<void> {
    const { schedule, missed } = this.#pipeline;
    for (let instant: number | undefined = after; ; ) {
      [instant] = firingsAfter(schedule, instant, 1);
      if (instant === undefined) return;
      await this.#around.clock.until(instant, signal);
      if (signal.aborted) return;
      const time = new Date(instant).toISOString();
      const word = missed === 'skip' ? 'is skipped' : 'waits';
      const event = missed === 'skip' ? { event: 'skipped', count: 1 } : { event: 'waits' };
      const text = `the firing of ${zonedText(schedule.zone, instant)} ${word}: a run goes on`;
      this.#say({ ...event, time, reason: 'running' }, text);
    }
  }

  /** A run's events that are worth a line of a server's log. */
  #pass(event: RunEvent): void {
    if (event.event === 'resumed') {
      this.#say({ event: 'resumed', run: event['run'] }, `goes on with run ${String(event['run'])}`);
    }
    if (event.event === 'error') {
      const { event: _event, ...error } = event;
      const hint = typeof error['hint'] === 'string' ? ` (${error['hint']})` : '';
      this.#say(
        { ...error, event: 'error' },
        `error[${String(error['code'])}] ${String(error['message'])}${hint}`,
        true,
      );
    }
    if (event.event === 'summary') this.#say({ event: 'run', summary: event }, stepsText(event));
  }

  async #handled(firing: Firing, hasBegun: boolean): Promise<void> {
    const { schedule, missed } = this.#pipeline;
    const { pending: _pending, ...served } = this.#served;
    const last = missed === 'skip' ? firingBefore(schedule, this.#around.clock.now() + 1) : undefined;
    const handled = Math.max(Date.parse(firing.time), last ?? 0, Date.parse(served.handled));
    const covered = hasBegun ? firing.time : served.covered;
    await this.#record({
      ...served,
      handled: new Date(handled).toISOString(),
      ...(covered === undefined ? {} : { covered }),
    });
  }

  async #record(served: Served): Promise<void> {
    await this.#pipeline.state.served.write(served);
    this.#served = served;
  }

  async #find(isIt: (history: RunHistory) => boolean): Promise<RunHistory | undefined> {
    let read = 0;
    for await (const history of histories(this.#pipeline.state.runs)) {
      if (isIt(history)) return history;
      if (++read === MAX_RUNS_READ) return undefined;
    }
    return undefined;
  }

  #saySchedule(): void {
    const { schedule, missed, declaration } = this.#pipeline;
    const { kind, expression, zone } = schedule;
    const [next] = firingsAfter(
      schedule,
      Math.max(Date.parse(this.#served.handled), this.#around.clock.now() - 1000),
      1,
    );
    const when = next === undefined ? 'never' : zonedText(zone, next);
    this.#say(
      {
        event: 'serving',
        file: declaration.file,
        schedule: { [kind]: expression, zone, missed },
        ...(next === undefined ? {} : { next: utcText(next) }),
      },
      `${kind} ${expression}, ${zone}; next: ${when}`,
    );
  }

  #timeText({ time }: Firing): string {
    return zonedText(this.#pipeline.schedule.zone, Date.parse(time));
  }

  #say(...[event, text, isTrouble]: DropFirst<Parameters<Say>>): void {
    this.#around.say(this.#pipeline.declaration.pipeline, event, text, isTrouble);
  }
}

type DropFirst<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Rest]
  ? Rest
  : never;

/** Where a schedule has no firing before, as `at` has none, there is no interval. */
function firingOf({ zone }: Schedule, instant: number, start: number | undefined): Firing {
  const time = new Date(instant).toISOString();
  return { time, zone, ...(start === undefined ? {} : { start: new Date(start).toISOString(), end: time }) };
}

function stepsText(summary: RunEvent): string {
  const steps = Array.isArray(summary['steps'])
    ? (summary['steps'] as readonly Record<string, unknown>[])
    : [];
  if (steps.length === 0) return 'no step ran';
  return steps
    .map(({ name, outcome, read, written, rejected }) => {
      const counts = `${String(read)} read, ${String(written)} written, ${String(rejected)} rejected`;
      return `${String(name)} ${outcome === 'complete' ? '' : `${String(outcome)} `}(${counts})`;
    })
    .join(', ');
}
