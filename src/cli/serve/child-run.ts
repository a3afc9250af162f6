import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Firing } from '../../values/firing.js';
import type { Io } from '../io.js';

/** One run, or what goes on with an interrupted one. */
export interface RunRequest {
  readonly file: string;
  readonly state: string;
  readonly firing: Firing;
  /** Stops it between batches, resumable. */
  readonly signal: AbortSignal;
  /** The run's own events, as `sluice run --json` has them. */
  readonly event: (event: RunEvent) => void;
  /** A line that it wrote for people. */
  readonly line: (line: string) => void;
}

export type RunEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** How runs are begun. Gives `sluice run`'s exit status; 1 where it was killed. */
export type Runs = (request: RunRequest) => Promise<number>;

const program = fileURLToPath(new URL('../main.js', import.meta.url));

/**
 * A process for each run: what one pipeline takes up or breaks is its own, a changed declaration or program counts from
 * the next run on, and a run that is stopped does what it does under a user's hand (docs/decisions).
 */
export function childRuns(io: Io, main = program): Runs {
  return async ({ file, state, firing, signal, event, line }) => {
    const args = ['run', file, '--state', state, '--json', '--wait', '--firing', JSON.stringify(firing)];
    const child = spawn(process.execPath, [main, ...args], {
      cwd: io.cwd,
      env: io.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A group of its own: Ctrl-C in a terminal is this program's to pass on, once.
      detached: true,
    });
    const { stdout, stderr } = child;
    if (!stdout || !stderr) throw new Error('a child without its pipes');
    const read = [
      readLines(stdout, (text) => {
        const told = eventOf(text);
        if (told) event(told);
        else line(text);
      }),
      readLines(stderr, line),
    ];
    // The end of the channel, by this or because this process is gone, stops the run as SIGTERM would.
    const stop = () => {
      if (child.connected) child.disconnect();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      const exited = new Promise<number>((done, failed) => {
        child.once('error', failed);
        // Not `close`: it never comes for a child whose channel was closed from here.
        child.once('exit', (status) => done(status ?? 1));
      });
      const [status] = await Promise.all([exited, ...read]);
      return status;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  };
}

/** Returns after the last line. */
async function readLines(stream: Readable, each: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) each(line);
}

function eventOf(line: string): RunEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const read = JSON.parse(line) as RunEvent;
    return typeof read.event === 'string' ? read : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
