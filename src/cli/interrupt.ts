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

const BETWEEN_BATCHES = 'stopping after the batches that are being written; once more leaves at once';

/**
 * The first SIGINT or SIGTERM stops between batches, or as `says` says; the second leaves at once. A run that `sluice serve` began also
 * stops when its channel to there is gone; a signal that comes besides is then the first.
 */
export function onInterrupt(io: Io, { isServed = false, says = BETWEEN_BATCHES } = {}): Interrupt {
  const controller = new AbortController();
  let status: number | undefined;
  let signalled = false;
  const stop = (name: string, code: number, cause: NodeJS.Signals) => {
    if (status !== undefined) return;
    status = code;
    io.err(`${name}: ${says}`);
    controller.abort(new SluiceError('interrupted', `stopped by ${name}`, { cause }));
  };
  const listen = (name: 'SIGINT' | 'SIGTERM', code: number) => {
    const listener = () => {
      if (signalled) process.exit(code);
      signalled = true;
      stop(name, code, name);
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  };
  const off = [
    listen('SIGINT', exitStatus.interrupted),
    listen('SIGTERM', exitStatus.terminated),
    isServed ? onServerGone(() => stop('sluice serve', exitStatus.terminated, 'SIGTERM')) : () => undefined,
  ];
  return {
    signal: controller.signal,
    status: () => status,
    dispose: () => {
      for (const remove of off) remove();
    },
  };
}

function onServerGone(stop: () => void): () => void {
  process.on('disconnect', stop);
  // Nobody reads any more what is said then: that must not be what ends the run.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  if (process.connected === false) stop();
  return () => process.off('disconnect', stop);
}
