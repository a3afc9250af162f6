import type { DocumentPath } from './document-path.js';
import type { Report } from './report.js';

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
