import * as z from 'zod';
import { SluiceError } from '../errors.js';
import { logicalTypes } from '../values/column.js';
import { type Latest, MANIFEST_VERSION, type Manifest, type ManifestFile } from './manifest.js';

/** More than this of one kind is no manifest of ours. */
const MAX_FILES = 1_000_000;
const MAX_NAMES = 100_000;

/** What lies in the export's own folder, and leads nowhere else. */
const objectName = z
  .string()
  .max(1024)
  .refine((name) => name.split('/').every((part) => part !== '' && part !== '.' && part !== '..'));
const exportName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^(?!\.)[^/\\\p{Cc}]+$/u);
const count = z.int().min(0);
const said = z.string().max(1024);
const instant = z.iso.datetime({ offset: true });

const file = z.object({ name: objectName, bytes: count, version: said, rows: count.exactOptional() });

const column = z.object({
  name: z.string().max(1024),
  type: z.enum(logicalTypes),
  nullable: z.boolean(),
  native: said.exactOptional(),
  precision: count.exactOptional(),
  scale: count.exactOptional(),
  maxBytes: count.exactOptional(),
  collation: said.exactOptional(),
});

const table = z.object({
  name: said,
  columns: z.array(column).max(MAX_NAMES).exactOptional(),
  key: z.array(z.string().max(1024)).max(MAX_NAMES).exactOptional(),
  rows: count.exactOptional(),
  files: z.array(file).max(MAX_FILES),
});

const manifest = z
  .object({
    sluice: z.literal(MANIFEST_VERSION),
    export: exportName,
    pipeline: said,
    step: said,
    run: said,
    asOf: instant,
    publishedAt: instant,
    format: z.enum(['parquet', 'csv', 'jsonl']),
    for: z.literal('people').exactOptional(),
    tables: z.array(table).max(MAX_NAMES),
    others: z.array(file).max(MAX_FILES),
  })
  .refine((value) => filesOf(value).every(({ name }) => name.startsWith(`${value.export}/`)));

const latest = manifest.and(z.object({ kept: z.array(exportName).max(MAX_NAMES) }));

/** All objects of an export but its manifest. */
export function filesOf({ tables, others }: Pick<Manifest, 'tables' | 'others'>): readonly ManifestFile[] {
  return [...tables.flatMap(({ files }) => files), ...others];
}

/** For people too: they are looked at when something went wrong. */
export function manifestText(value: Manifest | Latest): string {
  return `${JSON.stringify(value, undefined, 1)}\n`;
}

/** `name` is the object's, for people. @throws SluiceError manifest_invalid */
export function parseManifest(text: string, name: string): Manifest {
  return checked(manifest, text, name);
}

/** `name` is the object's, for people. @throws SluiceError manifest_invalid */
export function parseLatest(text: string, name: string): Latest {
  return checked(latest, text, name);
}

function checked<Value>(schema: z.ZodType<Value>, text: string, name: string): Value {
  const value = parsed(text, name);
  const version = versionOf(value);
  if (version > MANIFEST_VERSION) {
    throw new SluiceError('manifest_invalid', `${name} was written by a later version (${version})`, {
      hint: 'update Sluice here too',
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const place = result.error.issues[0]?.path.join('.') ?? '';
  throw new SluiceError(
    'manifest_invalid',
    `${name} is no manifest of an export${place && ` (at ${place})`}`,
    {
      hint: 'restore it, or move the folder away: the next export begins a new one',
    },
  );
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SluiceError('manifest_invalid', `${name} is not JSON`, {
      hint: 'restore it, or move the folder away: the next export begins a new one',
      cause,
    });
  }
}

function versionOf(value: unknown): number {
  const version = typeof value === 'object' && value !== null && 'sluice' in value ? value.sluice : 0;
  return typeof version === 'number' ? version : 0;
}
