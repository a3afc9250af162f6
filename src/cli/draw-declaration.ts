import pc from 'picocolors';
import type { Declaration } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import { flowPicture } from '../flow/picture/flow-picture.js';
import { mermaidPicture } from '../flow/picture/mermaid.js';
import { svgPicture } from '../flow/picture/svg.js';
import { terminalPicture } from '../flow/picture/terminal.js';
import { histories, type RunHistory } from '../journal/runs.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';
import { runStatus } from './run-status.js';
import { openState } from './session.js';

export interface DrawOptions {
  /** text, mermaid, svg or asl. */
  readonly format: string;
  /** The beginning of a run's name, or `last`. */
  readonly run?: string | undefined;
  readonly plain?: boolean | undefined;
  readonly state?: string | undefined;
  /** What has become of a run whose journal has no end, where somebody knows. */
  readonly endingOf?: (history: RunHistory) => Promise<string | undefined>;
}

/** Where the width is not known: of a pipe. */
const DEFAULT_WIDTH = 100;

/** `sluice draw`: the flow as a picture, or as a state machine. Gives the exit status. */
export async function drawDeclaration(
  declaration: Declaration,
  io: Io,
  options: DrawOptions,
): Promise<number> {
  io.out((await drawn(declaration, io, options)).trimEnd());
  return exitStatus.complete;
}

async function drawn(declaration: Declaration, io: Io, options: DrawOptions): Promise<string> {
  if (options.format === 'asl') {
    const { definitionText, stateMachineOf } = await import('../flow/asl/machine.js');
    return definitionText(stateMachineOf(declaration));
  }
  const history = options.plain ? undefined : await chosenRun(declaration, io, options);
  const ending = history && (await options.endingOf?.(history));
  const series = flowPicture(declaration, history && runStatus(declaration, history, ending));
  if (options.format === 'mermaid') return mermaidPicture(series);
  if (options.format === 'svg') return svgPicture(series, `The pipeline ${declaration.pipeline}`);
  return terminalPicture(series, terminalOptions(io));
}

async function chosenRun(
  declaration: Declaration,
  io: Io,
  { run, state }: DrawOptions,
): Promise<RunHistory | undefined> {
  const { runs } = await openState(declaration, io, state);
  for await (const history of histories(runs)) {
    if (run === undefined || run === 'last' || history.run.startsWith(run)) return history;
  }
  if (run === undefined) return undefined;
  throw new SluiceError('usage', run === 'last' ? 'there has been no run' : `no run is named ${run}`, {
    hint: '`sluice runs` lists them',
  });
}

function terminalOptions({ env, color, width }: Io) {
  const { bold, dim, green, yellow, red } = pc.createColors(color);
  const isAscii = !/utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '');
  const columns = /^\d{1,4}$/.test(env['COLUMNS'] ?? '') ? Number(env['COLUMNS']) : undefined;
  const paints = { kind: dim, name: bold, good: green, warn: yellow, bad: red, idle: dim };
  return { width: width ?? columns ?? DEFAULT_WIDTH, isAscii, ...(color ? { paints } : {}) };
}
