import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { SluiceError } from '../errors.js';
import { declarationText, lossText } from '../flow/asl/import/declaration-text.js';
import { importMachine } from '../flow/asl/import/import-machine.js';
import type { Loss } from '../flow/asl/import/imported-step.js';
import { readMachine } from '../flow/asl/import/machine-file.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';

export interface ImportOptions {
  readonly out?: string;
  readonly pipeline?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly state?: string;
}

const MAX_BYTES = 4 * 1024 * 1024;

/** Reads a state machine, writes a declaration, says what was not carried over. Gives the exit status. */
export async function importFile(
  format: string,
  file: string,
  options: ImportOptions,
  io: Io,
): Promise<number> {
  if (format !== 'asl')
    throw new SluiceError('usage', `${format} cannot be imported`, { hint: 'there is: asl' });
  const { steps, losses } = importMachine(readMachine(await textOf(resolve(io.cwd, file), file), file), file);
  sayLosses(losses, io, options);
  if (steps.length === 0) {
    throw new SluiceError('state_machine_invalid', `${file}: no step would be left of it`, {
      path: file,
      hint: 'Tasks that call Lambda functions, and Waits, become steps',
    });
  }
  if (options.strict && losses.length > 0) {
    if (!options.json) io.err('nothing is written: --strict');
    return exitStatus.refused;
  }
  const name = options.pipeline ?? pipelineName(file);
  await write(declarationText({ steps, losses }, name, basename(file)), options, io);
  return losses.length > 0 ? exitStatus.rejects : exitStatus.complete;
}

async function textOf(path: string, file: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES)
      throw new SluiceError('state_machine_invalid', `${file}: larger than 4 MiB`, { path: file });
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new SluiceError('file_unreadable', `${file} cannot be read (${reason})`, {
      path: file,
      cause,
      ...(reason === 'ENOENT' ? { hint: 'there is no such file' } : {}),
    });
  }
}

/** The file's name as the name of a pipeline. */
function pipelineName(file: string): string {
  const name = basename(file).replace(/(\.asl)?\.(json|asl)$/i, '');
  return name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 64) || 'imported';
}

function sayLosses(losses: readonly Loss[], io: Io, { json }: ImportOptions): void {
  if (json) {
    for (const loss of losses) io.out(JSON.stringify({ event: 'not_carried_over', ...loss }));
    return;
  }
  if (losses.length > 0) io.err('not carried over:');
  for (const loss of losses) io.err(`  ${lossText(loss)}`);
}

async function write(text: string, { out, json }: ImportOptions, io: Io): Promise<void> {
  if (out === undefined) {
    io.out(json ? JSON.stringify({ event: 'declaration', text }) : text.trimEnd());
    return;
  }
  try {
    await writeFile(resolve(io.cwd, out), text, { flag: 'wx' });
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    const message = reason === 'EEXIST' ? `${out} is there already` : `${out} cannot be written (${reason})`;
    throw new SluiceError('usage', message, { cause });
  }
  io.out(json ? JSON.stringify({ event: 'written', file: out }) : `wrote ${out}\nnext: sluice check ${out}`);
}
