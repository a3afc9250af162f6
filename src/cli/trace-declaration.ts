import type { Declaration } from '../declare/declaration.js';
import { parseKey } from '../engine/trace/key.js';
import { SluiceError } from '../errors.js';
import { lookingBack } from '../flow/recall.js';
import { newRunName } from '../flow/run-name.js';
import { type CopyTrace, traceKey, type UntracedCopy } from '../flow/trace.js';
import { errorEvent } from './errors.js';
import { exitStatus } from './exit-status.js';
import { onInterrupt } from './interrupt.js';
import type { Io } from './io.js';
import { openSession, openState } from './session.js';
import { agrees, traceEvent, traceText, untracedText } from './trace-text.js';
import { stopped } from './verify-declaration.js';

export interface TraceOptions {
  readonly step?: string | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `sluice trace`: one row on both sides of each copy. Gives the exit status. */
export async function traceDeclaration(
  declaration: Declaration,
  key: string,
  io: Io,
  options: TraceOptions,
): Promise<number> {
  const written = parseKey(key);
  const interrupt = onInterrupt(io);
  const { signal } = interrupt;
  const state = await openState(declaration, io, options.state);
  const { recalled } = await lookingBack(declaration, state);
  const world = openSession(declaration, io, { state, run: newRunName(), recalled, signal, readsOnly: true });
  try {
    const copies = await traceKey(world, written, { step: options.step, stop: signal });
    return say(copies, io, options.json === true);
  } catch (error) {
    const isRefusal = error instanceof SluiceError && error.retry === 'never';
    if (isRefusal && interrupt.status() === undefined) throw error;
    return stopped(error, interrupt, io, options.json === true);
  } finally {
    interrupt.dispose();
    await world.connections.close();
  }
}

function say(copies: readonly (CopyTrace | UntracedCopy)[], io: Io, json: boolean): number {
  const traced = copies.filter((copy) => copy.kind === 'traced');
  const untraced = copies.filter((copy) => copy.kind === 'untraced');
  const found = traced.filter(({ trace, rejects }) => trace.outcome !== 'nowhere' || rejects.length > 0);
  if (found.length === 0) throw whyNone(traced, untraced);
  if (json) {
    for (const copy of traced) io.out(JSON.stringify(traceEvent(copy)));
    for (const { name, error } of untraced) io.out(JSON.stringify({ ...errorEvent(error), step: name }));
  } else {
    io.out(found.map((copy) => traceText(copy, io.color)).join('\n\n'));
    for (const { name } of traced.filter((copy) => !found.includes(copy))) {
      io.err(`${name}: neither side has the row`);
    }
    for (const copy of untraced) io.err(untracedText(copy));
  }
  if (untraced.some(({ error }) => error.retry !== 'never')) return exitStatus.stopped;
  const agree = found.every(({ trace }) => agrees.has(trace.outcome));
  return agree ? exitStatus.complete : exitStatus.different;
}

function whyNone(traced: readonly CopyTrace[], untraced: readonly UntracedCopy[]): SluiceError {
  if (traced.length > 0) {
    const names = traced.map(({ name }) => name).join(', ');
    return new SluiceError('row_missing', `no row with this key is on either side of ${names}`, {
      hint: 'keys are compared as the columns hold them: check spelling, case and spaces, and the connections',
    });
  }
  const failed = untraced.find(({ error }) => error.code !== 'key_unfit') ?? untraced[0];
  if (!failed) return new SluiceError('usage', 'the declaration has no copy whose rows could be traced');
  if (untraced.length === 1) return failed.error;
  const reasons = untraced.map(({ name, error }) => `${name}: ${error.message}`).join('; ');
  return new SluiceError(failed.error.code, reasons, {
    retry: failed.error.retry,
    ...(failed.error.hint === undefined ? {} : { hint: failed.error.hint }),
  });
}
