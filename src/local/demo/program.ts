import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The built program, as one types it in the repository. */
export const PROGRAM = join('dist', 'cli', 'main.js');

/** What a terminal needs of the environment. Nothing of the user's AWS set-up may reach the pipeline. */
const passedOn = ['PATH', 'HOME', 'TERM', 'COLORTERM', 'NO_COLOR', 'FORCE_COLOR', 'LANG', 'LC_ALL', 'TMPDIR'];

export interface Ended {
  readonly status: number;
  /** Empty where it went to this terminal. */
  readonly stdout: string;
}

/** Runs the built program in processes of its own, one after the other; the last is told when the demo is stopped. */
export class Program {
  readonly #env: Readonly<Record<string, string>>;
  readonly #stopped: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();

  constructor(env: Readonly<Record<string, string>>, stopped: AbortSignal) {
    this.#env = env;
    this.#stopped = stopped;
  }

  /** `where`: on this terminal, or with its standard output kept. It is interrupted once `until` is settled. */
  run(args: readonly string[], where: 'terminal' | 'kept', until?: Promise<unknown>): Promise<Ended> {
    const running = this.#run(args, where, until);
    this.#last = running;
    return running;
  }

  /** Waits for the last run to end, however it ends. */
  async ended(): Promise<void> {
    await Promise.allSettled([this.#last]);
  }

  async #run(
    args: readonly string[],
    where: 'terminal' | 'kept',
    until: Promise<unknown> | undefined,
  ): Promise<Ended> {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: root,
      env: { ...terminalVariables(), ...this.#env },
      stdio: ['ignore', where === 'terminal' ? 'inherit' : 'pipe', 'inherit'],
    });
    const stop = () => child.kill('SIGTERM');
    this.#stopped.addEventListener('abort', stop, { once: true });
    // Whether it failed is for whoever made it to see.
    const interrupt = () => child.kill('SIGINT');
    void until?.then(interrupt, interrupt);
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    try {
      return await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (status) => resolve({ status: status ?? 1, stdout }));
      });
    } finally {
      this.#stopped.removeEventListener('abort', stop);
    }
  }
}

function terminalVariables(): Record<string, string | undefined> {
  return Object.fromEntries(passedOn.map((name) => [name, process.env[name]]));
}
