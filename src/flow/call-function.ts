import type { CallFunction } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import { type Call, type CallOutput, outputIn } from './call-output.js';

/** Calls a function of a TypeScript declaration. It is told of a stop by its signal, and not waited for longer. */
export async function callFunction(
  run: CallFunction,
  { name, course, input, signal }: Call,
): Promise<CallOutput> {
  const { values, world } = course;
  const about = { signal, firing: world.firing, steps: Object.fromEntries(values) };
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const called = (async () => await run(input, about))();
  try {
    return plainObject(name, await Promise.race([called, stopped]));
  } catch (error) {
    if (signal.aborted || error instanceof SluiceError) throw error;
    // What it says may hold values: on the screen, and nowhere else (invariant 8).
    for (const line of textOf(error).split('\n')) course.observer.said(name, line);
    const kind = error instanceof Error ? error.name : typeof error;
    throw new SluiceError('call_failed', `${name}: the function threw ${kind}`, {
      retry: 'later',
      cause: error,
    });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What it returned, as JSON carries it. */
function plainObject(name: string, value: unknown): CallOutput {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw notAnObject(name);
  try {
    return outputIn(name, JSON.stringify(value));
  } catch (error) {
    if (error instanceof TypeError) throw notAnObject(name);
    throw error;
  }
}

function notAnObject(name: string): SluiceError {
  return new SluiceError('call_failed', `${name}: the function returned something other than a JSON object`, {
    hint: 'return { … } with texts, numbers, true, false, null, lists and objects; or nothing',
  });
}
