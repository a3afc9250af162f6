import type { Counters } from '../engine/counters.js';
import type { ExportProgress } from '../engine/export/export-run.js';
import type { Lag } from '../engine/replicate/replicate-run.js';
import { SluiceError } from '../errors.js';
import { type Observer, outcomeWord, type StepEnd } from '../flow/outcome.js';
import { errorEvent } from './errors.js';
import type { Io } from './io.js';

/** How a run is shown while it goes on. `close` leaves the terminal as it was. */
export interface Progress extends Observer {
  close(): void;
}

const EVENT_MS = 1000;

/** Nothing while it runs, but what is called may speak: for pipes and `--quiet`. */
export function quietProgress(io: Io): Progress {
  const nothing = () => undefined;
  return { started: nothing, waiting: nothing, ended: nothing, close: nothing, said: speaker(io) };
}

function speaker(io: Io): Observer['said'] {
  return (name, line) => io.err(`${name}: ${line}`);
}

interface Running {
  readonly counters: Readonly<Counters>;
  readonly lag: Readonly<Lag> | undefined;
  readonly export: Readonly<ExportProgress> | undefined;
  readonly since: number;
}

/** One JSON event a line: started, waiting, progress once a second, ended or skipped. */
export function jsonProgress(io: Io): Progress {
  const running = new Map<string, Running>();
  const emit = (event: object) => io.out(JSON.stringify(event));
  const timer = setInterval(() => {
    for (const [step, { counters, lag, export: progress, since }] of running) {
      emit({
        event: 'progress',
        step,
        ...counters,
        ...(lag ? { lag: { ...lag } } : {}),
        ...(progress ? { export: { ...progress } } : {}),
        seconds: (performance.now() - since) / 1000,
      });
    }
  }, EVENT_MS);
  timer.unref();
  return {
    started: (step, counters, { rows, attempt, lag, export: progress, begun }) => {
      running.set(step, { counters, lag, export: progress, since: sinceMs(begun) });
      emit({ event: 'started', step, attempt, rows });
    },
    waiting: (step, until) => {
      running.delete(step);
      emit({ event: 'waiting', step, until: until.toISOString() });
    },
    said: speaker(io),
    ended: (step, end) => {
      running.delete(step);
      if (end.outcome === 'skipped') emit({ event: 'skipped', step });
      else emit({ event: 'ended', step, outcome: outcomeWord(end), ...detailsOf(end) });
    },
    close: () => clearInterval(timer),
  };
}

/** Of the process's own clock. */
export function sinceMs(begun: Date | undefined): number {
  const now = performance.now();
  return begun === undefined ? now : now - Math.max(0, Date.now() - begun.getTime());
}

function detailsOf({ consistency, output, error }: StepEnd): object {
  return {
    ...(consistency === undefined ? {} : { consistency }),
    ...(output === undefined ? {} : { output }),
    ...(error instanceof SluiceError ? { error: errorEvent(error) } : {}),
  };
}
