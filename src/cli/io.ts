import { SluiceError } from '../errors.js';

/** What a command may touch of the world around it. */
export interface Io {
  /** Results, for pipes. */
  out(text: string): void;
  /** Messages for people. */
  err(text: string): void;
  /** Colours are wanted: a terminal, and no NO_COLOR. */
  readonly color: boolean;
  /** stderr is a terminal: progress may redraw itself. */
  readonly terminal: boolean;
  /** Columns of the terminal that stdout is; absent when it is none. */
  readonly width?: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Standard input, once: a second reader would find nothing. Throws `usage`. */
  input(): AsyncIterable<Uint8Array>;
}

/** The process's own streams. `out` and `err` add the newline. */
export function processIo(): Io {
  const env = process.env;
  for (const stream of [process.stdout, process.stderr]) stream.on('error', goOnUnheard);
  const terminal = process.stderr.isTTY === true;
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  return {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    color: (env['NO_COLOR'] ?? '') === '' && (forced || terminal),
    terminal,
    ...(process.stdout.columns === undefined ? {} : { width: process.stdout.columns }),
    env,
    cwd: process.cwd(),
    input: onceOnly(),
  };
}

/** Whoever read the output has had enough of it, as `head` has: what was begun goes on. */
function goOnUnheard(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function onceOnly(): Io['input'] {
  let taken = false;
  return () => {
    if (taken) throw new SluiceError('usage', 'two key lists cannot both be standard input');
    taken = true;
    return process.stdin;
  };
}
