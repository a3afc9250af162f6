import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../', import.meta.url));

const usageHook = new URL('usage-hook.mjs', import.meta.url).href;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * @typedef {object} Ended
 * @property {number} seconds of the whole process, from spawn to exit
 * @property {string} output
 * @property {Usage} [usage] of a Node program that was run with `measureUsage`
 *
 * @typedef {object} Usage
 * @property {number} peakBytes of resident memory
 * @property {number} cpuSeconds user and system
 *
 * @typedef {object} Options
 * @property {string} [input] what it reads from standard input
 * @property {Record<string, string>} [environment] besides PATH and HOME
 * @property {string} [folder]
 */

/**
 * Runs a program to its end; throws with its last words unless it exits with 0.
 * @param {string} command
 * @param {readonly string[]} programArguments
 * @param {Options & { usage?: boolean }} [options]
 * @returns {Promise<Ended>}
 */
export async function run(command, programArguments, options = {}) {
  const started = performance.now();
  const child = spawn(command, programArguments, {
    cwd: options.folder ?? root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe', options.usage ? 'pipe' : 'ignore'],
  });
  child.stdin?.on('error', () => child.stdin?.destroy());
  child.stdin?.end(options.input ?? '');
  const streams = [child.stdout, child.stderr, ...(options.usage ? [child.stdio[3]] : [])];
  const texts = Promise.all(
    streams.map((stream) => text(/** @type {import('node:stream').Readable} */ (stream))),
  );
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  const seconds = (performance.now() - started) / 1000;
  const [output = '', errors = '', usage = ''] = await texts;
  if (status !== 0) {
    throw new Error(`${command} ${programArguments.join(' ')}: ${status}\n${(errors + output).slice(-4000)}`);
  }
  return usage === '' ? { seconds, output } : { seconds, output, usage: JSON.parse(usage) };
}

/**
 * Runs a Node program and asks it for its peak memory and CPU time as it exits.
 * @param {readonly string[]} programArguments
 * @param {Options} [options]
 */
export async function runNode(programArguments, options = {}) {
  return await run(process.execPath, ['--import', usageHook, ...programArguments], {
    ...options,
    usage: true,
  });
}

/** @param {import('node:stream').Readable} stream */
async function text(stream) {
  let all = '';
  for await (const piece of stream.setEncoding('utf8')) {
    all += piece;
    if (all.length > MAX_OUTPUT_BYTES) throw new Error('a program printed too much');
  }
  return all;
}

/**
 * Whether a program can be started.
 * @param {string} command
 * @param {readonly string[]} programArguments
 */
export async function answers(command, programArguments) {
  try {
    await run(command, programArguments);
    return true;
  } catch {
    return false;
  }
}
