import { SluiceError } from '../errors.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';

/** What stops a run from outside. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** 130 or 143 once a signal came. */
  status(): number | undefined;
  dispose(): void;
}

/** The first SIGINT or SIGTERM stops between batches; the second leaves at once. */
export function onInterrupt(io: Io): Interrupt {
  const controller = new AbortController();
  let status: number | undefined;
  const listen = (name: 'SIGINT' | 'SIGTERM', code: number) => {
    const listener = () => {
      if (status !== undefined) process.exit(code);
      status = code;
      io.err(`${name}: stopping after the batches that are being written; once more leaves at once`);
      controller.abort(new SluiceError('interrupted', `stopped by ${name}`, { cause: name }));
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  };
  const off = [listen('SIGINT', exitStatus.interrupted), listen('SIGTERM', exitStatus.terminated)];
  return {
    signal: controller.signal,
    status: () => status,
    dispose: () => {
      for (const remove of off) remove();
    },
  };
}
