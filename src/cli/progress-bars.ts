import type { MultiBar, SingleBar } from 'cli-progress';
import { type Counters, zeroCounters } from '../engine/counters.js';
import type { ExportProgress } from '../engine/export/export-run.js';
import type { Lag } from '../engine/replicate/replicate-run.js';
import { outcomeWord, type StepEnd } from '../flow/outcome.js';
import type { Io } from './io.js';
import { type Progress, sinceMs } from './progress.js';
import { LiveRates } from './sparkline.js';
import type { TreeLine } from './step-tree.js';
import { count, durationText } from './text.js';

const REDRAW_MS = 150;
/** A longer tree would not fit: its lines come when their steps begin. */
const MAX_LINES = 30;

const copyFormat = '{step} {bar} {share} {rows} rows  {rate}/s{pace}  {left}{rejects}{graph}';
const endlessFormat = '{step} {lag} {rows} rows  {rate}/s{pace}  {loads}{rejects}{graph}';
const exportFormat = '{step} {bar} {share} {stage}  {gib}{left}';
const plainFormat = '{step} {state}';

const formats = {
  rows: copyFormat,
  changes: endlessFormat,
  export: exportFormat,
  plain: plainFormat,
} as const;

/** What one line shows. */
interface Line {
  readonly bar: SingleBar;
  readonly shown: TreeLine;
  counters: Readonly<Counters>;
  since: number;
  rows: number | undefined;
  /** How many rows were done in each of the last seconds. */
  live: LiveRates;
  lag: Readonly<Lag> | undefined;
  /** Of an export. */
  progress: Readonly<ExportProgress> | undefined;
  /** A word for what it does; nothing while rows move. */
  state: string;
}

/**
 * Lines that redraw themselves, the tree of the steps: rows, rate, share of the pace, time left, rejects. Lines of `later`
 * come when their steps begin.
 */
export async function barProgress(
  io: Io,
  tree: readonly TreeLine[],
  later: readonly TreeLine[] = [],
): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const bars = new cliProgress.MultiBar(
    {
      format: copyFormat,
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
  return new Bars(bars, tree, later);
}

class Bars implements Progress {
  readonly #bars: MultiBar;
  readonly #known: ReadonlyMap<string, TreeLine>;
  readonly #lines = new Map<string, Line>();
  readonly #running = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(bars: MultiBar, tree: readonly TreeLine[], later: readonly TreeLine[]) {
    this.#bars = bars;
    this.#known = new Map([...tree, ...later].map((line) => [line.name, line]));
    if (tree.length <= MAX_LINES) for (const line of tree) this.#add(line);
    this.#timer = setInterval(() => {
      for (const name of this.#running) this.#draw(name, false);
    }, REDRAW_MS);
    this.#timer.unref();
  }

  started(
    name: string,
    counters: Readonly<Counters>,
    {
      rows,
      lag,
      export: progress,
      begun,
    }: {
      readonly rows?: number;
      readonly begun?: Date;
      readonly lag?: Readonly<Lag>;
      readonly export?: Readonly<ExportProgress>;
    },
  ): void {
    const line = this.#line(name, 'rows');
    Object.assign(line, {
      counters,
      rows,
      lag,
      progress,
      since: sinceMs(begun),
      live: new LiveRates(doneOf(counters), performance.now()),
      state: line.shown.kind === 'plain' ? 'running' : '',
    });
    this.#running.add(name);
    this.#draw(name, false);
  }

  waiting(name: string, until: Date): void {
    const line = this.#line(name, 'plain');
    this.#running.delete(name);
    line.state = `waiting until ${until.toISOString().slice(0, 19)}Z`;
    this.#draw(name, false);
  }

  said(name: string, text: string): void {
    this.#bars.log(`${name}: ${text}\n`);
  }

  ended(name: string, end: StepEnd): void {
    const line = this.#line(name, 'plain');
    this.#running.delete(name);
    line.state = wordOf(end);
    line.since = performance.now() - end.seconds * 1000;
    this.#draw(name, true);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#bars.stop();
  }

  #line(name: string, kind: TreeLine['kind']): Line {
    return (
      this.#lines.get(name) ?? this.#add(this.#known.get(name) ?? { name, label: name, kind, state: '' })
    );
  }

  #add(shown: TreeLine): Line {
    const { name, state } = shown;
    const since = performance.now();
    const line = {
      shown,
      counters: zeroCounters(),
      since,
      rows: undefined,
      lag: undefined,
      progress: undefined,
      live: new LiveRates(0, since),
      state,
    };
    const format = formats[shown.kind];
    const bar = this.#bars.create(1, 0, textsOf(line, false), { format });
    const added: Line = { ...line, bar };
    this.#lines.set(name, added);
    return added;
  }

  #draw(name: string, final: boolean): void {
    const line = this.#lines.get(name);
    if (!line) return;
    const { counters, rows, bar, live, progress } = line;
    if (progress) {
      bar.setTotal(100);
      bar.update(final && line.state === 'done' ? 100 : progress.percent, textsOf(line, final));
      return;
    }
    live.see(doneOf(counters), performance.now());
    const total = Math.max(final ? 0 : (rows ?? 0), counters.read, 1);
    bar.setTotal(total);
    bar.update(final && line.state === 'done' ? total : counters.read, textsOf(line, final));
  }
}

function wordOf(end: StepEnd): string {
  const word = outcomeWord(end);
  return word === 'complete' || word === 'rejects' ? 'done' : word;
}

function textsOf(line: Omit<Line, 'bar'>, final: boolean): Record<string, string> {
  const { shown, counters, rows, since, live, state, lag, progress } = line;
  const seconds = Math.max((performance.now() - since) / 1000, 0.001);
  const done = doneOf(counters);
  const rate = done / seconds;
  const share = progress
    ? `${progress.percent}%`
    : rows === undefined || rows === 0
      ? ''
      : `${Math.min(100, Math.round((100 * done) / rows))}%`;
  const isShown = final && seconds >= 0.1;
  return {
    step: shown.label.padEnd(16),
    state: `${state}${isShown ? `  ${durationText(seconds)}` : ''}`,
    share: (state === '' ? share : state).padStart(7),
    rows: count(done).padStart(11),
    rate: count(rate),
    pace: shown.pace === undefined ? '' : ` (${Math.round((100 * rate) / shown.pace)}% of the pace)`,
    left: final || progress ? durationText(seconds) : timeLeft(rows, done, rate),
    stage: progress ? `${progress.stage} ${progress.name}` : '',
    gib: progress && progress.extractedGib > 0 ? `${progress.extractedGib} GB  ` : '',
    lag: (state === '' && lag ? lagText(lag) : state).padEnd(32),
    loads: lag === undefined ? '' : `${count(lag.loads)} loads`,
    rejects: counters.rejected > 0 ? `  ${count(counters.rejected)} rejected` : '',
    graph: final || live.line === '' ? '' : `  ${live.line}`,
  };
}

function doneOf({ written, unchanged, rejected }: Readonly<Counters>): number {
  return written + unchanged + rejected;
}

function lagText({ seconds, waiting, caughtUp }: Readonly<Lag>): string {
  const behind = caughtUp ? 'caught up' : `${durationText(seconds)} behind`;
  return waiting === 0 ? behind : `${behind}, ${count(waiting)} waiting`;
}

function timeLeft(rows: number | undefined, done: number, rate: number): string {
  if (rows === undefined || rate === 0 || done >= rows) return '';
  return `${durationText((rows - done) / rate)} left`;
}
