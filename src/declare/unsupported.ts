import type { DocumentPath } from './document-path.js';
import type { Report } from './report.js';

/** Fields of the design that later versions have, by what holds them. */
export const laterFields = {
  replicate: ['via'],
  source: [],
  sink: [],
} as const;

/** Kinds of connections that later versions have. */
export const laterKinds: ReadonlySet<string> = new Set(['firehose']);

/** Says which of the fields are not in this version, and returns the mapping without them. */
export function withoutLaterFields(
  value: unknown,
  later: readonly string[],
  path: DocumentPath,
  report: Report,
): unknown {
  if (!isMapping(value)) return value;
  const entries = Object.entries(value).filter(([field]) => {
    if (!later.includes(field)) return true;
    sayUnsupported(`\`${field}\``, [...path, field], report);
    return false;
  });
  return Object.fromEntries(entries);
}

export function sayUnsupported(what: string, path: DocumentPath, report: Report): void {
  const message = `${what} is not in this version`;
  report.add(path, {
    code: 'unsupported',
    message,
    hint: 'take it away, or wait for a later version',
    at: 'key',
  });
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
