import type { MultiBar, SingleBar } from 'cli-progress';
import type { Counters } from '../engine/counters.js';
import { SluiceError } from '../errors.js';
import type { CopyOutcome, Observer } from '../flow/run.js';
import { errorEvent } from './errors.js';
import type { Io } from './io.js';
import { count, durationText } from './text.js';

/** How a run is shown while it goes on. `close` leaves the terminal as it was. */
export interface Progress extends Observer {
  close(): void;
}

const REDRAW_MS = 150;
const EVENT_MS = 1000;

/** Nothing while it runs: for pipes and `--quiet`. */
export function quietProgress(): Progress {
  return { started: () => undefined, ended: () => undefined, close: () => undefined };
}

interface Running {
  readonly counters: Counters;
  readonly since: number;
  readonly rows: number | undefined;
}

/** One JSON event a line: started, progress once a second, ended. */
export function jsonProgress(io: Io): Progress {
  const running = new Map<string, Running>();
  const emit = (event: object) => io.out(JSON.stringify(event));
  const timer = setInterval(() => {
    for (const [step, { counters, since }] of running) {
      emit({ event: 'progress', step, ...counters, seconds: secondsSince(since) });
    }
  }, EVENT_MS);
  timer.unref();
  return {
    started: (step, counters, { rows, attempt }) => {
      running.set(step, { counters, since: performance.now(), rows });
      emit({ event: 'started', step, attempt, rows });
    },
    ended: (step, outcome) => {
      running.delete(step);
      emit({ event: 'ended', step, outcome: outcome.outcome, ...failureOf(outcome) });
    },
    close: () => clearInterval(timer),
  };
}

function failureOf(outcome: CopyOutcome): object {
  if (outcome.outcome === 'complete') return { consistency: outcome.result.consistency };
  return outcome.error instanceof SluiceError ? { error: errorEvent(outcome.error) } : {};
}

/** Bars that redraw themselves: rows, rate, share of the pace, time left, rejects. */
export async function barProgress(io: Io, paceOf: (step: string) => number | undefined): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const bars = new cliProgress.MultiBar(
    {
      format: '{step} {bar} {share} {rows} rows  {rate}/s{pace}  {left}{rejects}',
      hideCursor: true,
      autopadding: true,
      barsize: 24,
      stream: process.stderr,
      noTTYOutput: false,
      gracefulExit: false,
      linewrap: false,
    },
    io.color ? cliProgress.Presets.shades_classic : cliProgress.Presets.legacy,
  );
  return drawBars(bars, paceOf);
}

function drawBars(bars: MultiBar, paceOf: (step: string) => number | undefined): Progress {
  const running = new Map<string, Running & { readonly bar: SingleBar }>();
  const draw = (step: string, final: boolean) => {
    const shown = running.get(step);
    if (!shown) return;
    const { counters, rows, bar } = shown;
    const total = Math.max(final ? 0 : (rows ?? 0), counters.read, 1);
    bar.setTotal(total);
    bar.update(final ? total : counters.read, barTexts(step, shown, final, paceOf(step)));
  };
  const timer = setInterval(() => {
    for (const step of running.keys()) draw(step, false);
  }, REDRAW_MS);
  timer.unref();
  return {
    started: (step, counters, { rows }) => {
      const running_ = { counters, since: performance.now(), rows };
      const bar =
        running.get(step)?.bar ?? bars.create(rows ?? 1, 0, barTexts(step, running_, false, paceOf(step)));
      running.set(step, { ...running_, bar });
    },
    ended: (step) => {
      draw(step, true);
      running.delete(step);
    },
    close: () => {
      clearInterval(timer);
      bars.stop();
    },
  };
}

function barTexts(
  step: string,
  running: Running,
  final: boolean,
  pace: number | undefined,
): Record<string, string> {
  const { counters, rows, since } = running;
  const seconds = Math.max(secondsSince(since), 0.001);
  const done = counters.written + counters.unchanged + counters.rejected;
  const rate = done / seconds;
  const share = rows === undefined || rows === 0 ? '' : `${Math.min(100, Math.round((100 * done) / rows))}%`;
  const left = final ? durationText(seconds) : timeLeft(rows, done, rate);
  return {
    step: step.padEnd(16),
    share: (final ? 'done' : share).padStart(4),
    rows: count(done).padStart(11),
    rate: count(rate),
    pace: pace === undefined ? '' : ` (${Math.round((100 * rate) / pace)}% of the pace)`,
    left,
    rejects: counters.rejected > 0 ? `  ${count(counters.rejected)} rejected` : '',
  };
}

function timeLeft(rows: number | undefined, done: number, rate: number): string {
  if (rows === undefined || rate === 0 || done >= rows) return '';
  return `${durationText((rows - done) / rate)} left`;
}

function secondsSince(since: number): number {
  return (performance.now() - since) / 1000;
}
