import { type ChildProcess, spawn } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { SluiceError } from '../errors.js';
import { type Call, type CallOutput, MAX_OUTPUT_BYTES, outputIn } from './call-output.js';
import { ProcessGroup } from './process-group.js';

/**
 * Runs a command without a shell in the declaration's folder. The input is on its stdin as JSON; a JSON object on
 * its stdout is the output, and any other text is none. What it writes to stderr is shown as it comes.
 */
export async function callCommand(argv: readonly string[], call: Call): Promise<CallOutput> {
  const { name, course, input, signal } = call;
  const [program = '', ...args] = argv;
  signal.throwIfAborted();
  const child = spawn(program, args, {
    cwd: dirname(course.world.declaration.file),
    env: { ...course.world.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, so that what it starts ends with it.
    detached: true,
  });
  const ended = endOf(child);
  const group = new ProcessGroup(child, signal);
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => course.observer.said(name, line));
  const stdout = collected(child.stdout);
  // A command need not read its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(input));
  try {
    const end = await ended;
    signal.throwIfAborted();
    if (end !== undefined) throw failure(name, basename(program), end);
    return outputIn(name, stdout());
  } finally {
    group.dispose();
  }
}

/** How a command failed: a status, a signal, or why it could not be started. */
type Failed = { readonly status: number } | { readonly signal: string } | { readonly code: string };

/** Settles once the child has ended and its pipes are closed; undefined for status 0. */
function endOf(child: ChildProcess): Promise<Failed | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? 'unknown' }));
    child.once('close', (status, signal) => {
      if (signal !== null) resolve({ signal });
      else resolve(status === 0 ? undefined : { status: status ?? -1 });
    });
  });
}

function failure(name: string, program: string, failed: Failed): SluiceError {
  if ('code' in failed) {
    return new SluiceError('call_failed', `${name}: ${program} cannot be started (${failed.code})`, {
      hint: "its path starts from the declaration's folder, or it is looked for on PATH; it must be executable",
    });
  }
  const how = 'signal' in failed ? `was ended by ${failed.signal}` : `ended with status ${failed.status}`;
  return new SluiceError('call_failed', `${name}: ${program} ${how}`, { retry: 'later' });
}

/** The text of a stream; no more is kept than is needed to say that it is too long. */
function collected(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length <= MAX_OUTPUT_BYTES) chunks.push(chunk);
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
