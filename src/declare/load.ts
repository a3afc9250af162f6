import { open } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { SluiceError } from '../errors.js';
import type { Declaration } from './declaration.js';
import { MAX_BYTES } from './limits.js';
import type { RawDocument } from './raw-document.js';
import { Report } from './report.js';
import { type Validated, validate } from './validate.js';

export interface LoadOptions {
  /** Only to warn of variables that the declaration names and that are not set; nothing is resolved. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that a relative name of the file starts from. Default: the process's. */
  readonly cwd?: string;
}

/**
 * Reads and checks a declaration; opens no connection. Throws `declaration_invalid` with all mistakes in
 * `problems`, `file_unreadable`, or `usage` for a file of another kind.
 */
export async function loadDeclaration(file: string, { env, cwd = '.' }: LoadOptions): Promise<Declaration> {
  const path = resolve(cwd, file);
  return rightOrThrow(await validate(await readDocument(path, file), path, file, env), file);
}

/** The same for the text of a YAML declaration that would lie at `file`. */
export async function parseDeclaration(
  text: string,
  file: string,
  { env, cwd = '.' }: LoadOptions,
): Promise<Declaration> {
  const { readYaml } = await import('./yaml/read-yaml.js');
  return rightOrThrow(await validate(readYaml(text, file), resolve(cwd, file), file, env), file);
}

function rightOrThrow({ declaration, problems }: Validated, file: string): Declaration {
  if (declaration) return declaration;
  const count = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`;
  throw new SluiceError('declaration_invalid', `${count} in ${file}`, { path: file, problems });
}

async function readDocument(path: string, file: string): Promise<RawDocument> {
  const extension = extname(path);
  if (['.yaml', '.yml', '.json'].includes(extension)) {
    const bytes = await readBounded(path, file);
    const text = bytes && decode(bytes);
    if (text === undefined) return unreadable(file, bytes);
    return (await import('./yaml/read-yaml.js')).readYaml(text, file);
  }
  if (['.ts', '.mts', '.js', '.mjs'].includes(extension)) {
    const bytes = await readBounded(path, file);
    if (!bytes) return unreadable(file, bytes);
    return (await import('./program/read-program.js')).readProgram(path, file);
  }
  throw new SluiceError('usage', `${file} is not a declaration`, {
    path: file,
    hint: 'a declaration ends in .yaml, .yml, .json, .ts, .mts, .js or .mjs',
  });
}

/** The file's bytes; undefined if there are more than a declaration may have. */
async function readBounded(path: string, name: string): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = new Uint8Array(MAX_BYTES + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
      return length > MAX_BYTES ? undefined : buffer.subarray(0, length);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    const hint = reason === 'ENOENT' ? 'there is no such file' : undefined;
    throw new SluiceError('file_unreadable', `${name} cannot be read (${reason})`, {
      path: name,
      cause,
      ...(hint !== undefined && { hint }),
    });
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function unreadable(file: string, bytes: Uint8Array | undefined): RawDocument {
  const place = { line: 1, column: 1 };
  const places = { key: () => place, value: () => place };
  const report = new Report(file, places);
  if (bytes) report.add([], { code: 'syntax', message: 'the file is not UTF-8 text' });
  else report.add([], { code: 'too_large', message: `larger than ${MAX_BYTES / 1024 / 1024} MiB` });
  return { value: undefined, places, report, complete: false };
}
