import { open } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { SluiceError } from '../errors.js';
import type { Declaration } from './declaration.js';
import { MAX_BYTES } from './limits.js';
import type { RawDocument } from './raw-document.js';
import { Report } from './report.js';
import { validate } from './validate.js';

export interface LoadOptions {
  /** Only to warn of variables that the declaration names and that are not set; nothing is resolved. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads and checks a declaration; opens no connection. Throws `declaration_invalid` with all mistakes in
 * `problems`, `file_unreadable`, or `usage` for a file of another kind.
 */
export async function loadDeclaration(file: string, { env }: LoadOptions): Promise<Declaration> {
  const path = resolve(file);
  return declarationOf(await readDocument(path), file, path, env);
}

/** Checks YAML text as if it were the file at `path`; throws like `loadDeclaration`. */
export async function parseDeclaration(
  text: string,
  path: string,
  { env }: LoadOptions,
): Promise<Declaration> {
  const { readYaml } = await import('./yaml/read-yaml.js');
  return declarationOf(readYaml(text, path), path, path, env);
}

function declarationOf(
  document: RawDocument,
  file: string,
  path: string,
  env: LoadOptions['env'],
): Declaration {
  const { declaration, problems } = validate(document, path, env);
  if (declaration) return declaration;
  const count = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`;
  throw new SluiceError('declaration_invalid', `${count} in ${file}`, { path: file, problems });
}

async function readDocument(path: string): Promise<RawDocument> {
  const extension = extname(path);
  if (['.yaml', '.yml', '.json'].includes(extension)) {
    const bytes = await readBounded(path);
    const text = bytes && decode(bytes);
    if (text === undefined) return unreadable(path, bytes);
    return (await import('./yaml/read-yaml.js')).readYaml(text, path);
  }
  if (['.ts', '.mts', '.js', '.mjs'].includes(extension)) {
    const bytes = await readBounded(path);
    if (!bytes) return unreadable(path, bytes);
    return (await import('./program/read-program.js')).readProgram(path);
  }
  throw new SluiceError('usage', `${path} is not a declaration`, {
    path,
    hint: 'a declaration ends in .yaml, .yml, .json, .ts, .mts, .js or .mjs',
  });
}

/** The file's bytes; undefined if there are more than a declaration may have. */
async function readBounded(path: string): Promise<Uint8Array | undefined> {
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
    throw new SluiceError('file_unreadable', `${path} cannot be read (${reason})`, {
      path,
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

function unreadable(path: string, bytes: Uint8Array | undefined): RawDocument {
  const place = { line: 1, column: 1 };
  const places = { key: () => place, value: () => place };
  const report = new Report(path, places);
  if (bytes) report.add([], { code: 'syntax', message: 'the file is not UTF-8 text' });
  else report.add([], { code: 'too_large', message: `larger than ${MAX_BYTES / 1024 / 1024} MiB` });
  return { value: undefined, places, report, complete: false };
}
