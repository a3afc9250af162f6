import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { exactDouble } from '../transform/check/exact-number.js';
import { SchemaCheck } from '../transform/check/schema-check.js';
import { SchemaFault, SchemaFileMissing } from '../transform/check/schema-source.js';
import { JsonFault, readJson } from '../transform/json/read-json.js';
import type { Attribute } from '../values/cell.js';
import type { GivenSchema } from './contents.js';
import type { DocumentPath } from './document-path.js';
import { MAX_BYTES } from './limits.js';
import type { Mistake, Report } from './report.js';
import { isMapping } from './unsupported.js';

/** Files beside one schema. */
const MAX_FILES = 100;
const MAX_SCHEMA_DEPTH = 200;
/** Digits with which a double is certain to print as it was written. */
const MAX_SURE_DIGITS = 15;

/** Reads the files of schemas, from `folder` on, and tries each schema; the report is told what cannot be used. */
export async function readSchemas(
  schemas: readonly GivenSchema[],
  folder: string,
  report: Report,
): Promise<void> {
  for (const given of schemas) await readSchema(given, folder, report);
}

async function readSchema(
  { path, given, source }: GivenSchema,
  folder: string,
  report: Report,
): Promise<void> {
  const own = typeof given === 'string' ? resolve(folder, given) : resolve(folder, 'schema');
  try {
    source.schema = typeof given === 'string' ? await readFile(own, given) : doubles(given, []);
    const files: Record<string, unknown> = {};
    source.files = files;
    for (;;) {
      const missing = await tried(source);
      if (missing === undefined) return;
      if (Object.keys(files).length >= MAX_FILES) throw new SchemaFault(`more than ${MAX_FILES} files`);
      files[missing] = await readFile(resolve(dirname(own), missing), missing);
    }
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error;
    const place = typeof given === 'string' || error.file !== undefined ? path : [...path, ...steps(error)];
    report.add(place, mistakeOf(error, typeof given === 'string' ? given : undefined));
  }
}

/** The file that has yet to be read; undefined where the schema can be used. */
async function tried(source: GivenSchema['source']): Promise<string | undefined> {
  try {
    await SchemaCheck.of(source);
    return undefined;
  } catch (error) {
    if (!(error instanceof SchemaFileMissing) || Object.hasOwn(source.files, error.file)) throw error;
    return error.file;
  }
}

function mistakeOf({ file, pointer, message, hint }: SchemaFault, name: string | undefined): Mistake {
  const inside = file ?? name;
  const place = inside === undefined ? '' : `${inside}${pointer === '' ? '' : `#${pointer}`}: `;
  return { code: 'schema_invalid', message: `${place}${message}`, hint };
}

function steps({ pointer }: SchemaFault): DocumentPath {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** A schema's file. Throws SchemaFault. */
async function readFile(path: string, file: string): Promise<unknown> {
  const text = await readText(path, file);
  try {
    return plain(readJson(text, MAX_SCHEMA_DEPTH), file, '');
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const where = error.at === undefined ? error.message : `not JSON at ${lineAndColumn(text, error.at)}`;
    throw new SchemaFault(where, { file });
  }
}

async function readText(path: string, file: string): Promise<string> {
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      if (size > MAX_BYTES) throw new SchemaFault(`larger than ${MAX_BYTES / 1024 / 1024} MiB`, { file });
      const bytes = await handle.readFile();
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof SchemaFault) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const hint = code === 'ENOENT' ? 'the name of a file begins in the folder of the declaration' : undefined;
    throw new SchemaFault(`it cannot be read (${code})`, { file, ...(hint === undefined ? {} : { hint }) });
  }
}

function lineAndColumn(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function plain(attribute: Attribute, file: string, pointer: string): unknown {
  if ('N' in attribute) return double(attribute.N, file, pointer);
  if ('S' in attribute) return attribute.S;
  if ('BOOL' in attribute) return attribute.BOOL;
  if ('L' in attribute) return attribute.L.map((part, index) => plain(part, file, `${pointer}/${index}`));
  if (!('M' in attribute)) return null;
  const parts = Object.entries(attribute.M).map(([name, part]) => {
    const step = name.replaceAll('~', '~0').replaceAll('/', '~1');
    return [name, plain(part, file, `${pointer}/${step}`)] as const;
  });
  return Object.fromEntries(parts);
}

function double(text: string, file: string, pointer: string): number {
  const exact = exactDouble(text);
  if (exact !== undefined) return exact;
  throw new SchemaFault(inexact.message, { file, pointer, hint: inexact.hint });
}

const inexact = {
  message: 'a number with more digits than can be compared exactly',
  hint: 'write a rounder number: exclusiveMaximum: 1e38 instead of a maximum of 38 nines',
};

/** A schema in the document itself: its numbers were read as doubles already, or as bigint. */
function doubles(value: unknown, path: readonly string[]): unknown {
  if (typeof value === 'bigint') return numberAt(exactDouble(String(value)), path);
  if (typeof value === 'number') {
    const digits = String(value).replace(/e.*$/, '').replaceAll(/[^\d]/g, '').replace(/^0+/, '');
    return numberAt(digits.length > MAX_SURE_DIGITS && !Number.isInteger(value) ? undefined : value, path);
  }
  if (Array.isArray(value)) return value.map((part, index) => doubles(part, [...path, String(index)]));
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, doubles(part, [...path, name])]),
  );
}

function numberAt(exact: number | undefined, path: readonly string[]): number {
  if (exact !== undefined) return exact;
  const pointer = path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  throw new SchemaFault(inexact.message, { pointer, hint: inexact.hint });
}
