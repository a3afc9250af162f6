import type { ChildProcess } from 'node:child_process';
import { SluiceError } from '../errors.js';

/** After a request to stop, what is called gets this long to end. */
const GRACE_MS = 5_000;

/** A child that leads a process group: all of it ends when the signal says so, and at the latest with this process. */
export class ProcessGroup {
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  /** The child must have been started `detached`. */
  constructor(child: ChildProcess, signal: AbortSignal) {
    this.#child = child;
    this.#signal = signal;
    signal.addEventListener('abort', this.#stop, { once: true });
    process.once('exit', this.#kill);
  }

  /** Once the child has ended. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#stop);
    process.off('exit', this.#kill);
  }

  readonly #stop = (): void => {
    this.#send(signalOf(this.#signal.reason));
    this.#timer = setTimeout(this.#kill, GRACE_MS);
  };

  readonly #kill = (): void => this.#send('SIGKILL');

  #send(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // It has ended by itself.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** The signal that stopped this process is handed on. */
function signalOf(reason: unknown): NodeJS.Signals {
  return reason instanceof SluiceError && reason.cause === 'SIGINT' ? 'SIGINT' : 'SIGTERM';
}
