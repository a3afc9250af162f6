import { posix } from 'node:path';
import type { CopyStep } from './declaration.js';
import type { DocumentPath } from './document-path.js';
import type { Report } from './report.js';
import { isMapping } from './unsupported.js';

/** Where a copy lays files, by the connections' options as they were written; undefined for other sinks, and many tables. */
function placeOf(
  { to }: Pick<CopyStep, 'to'>,
  connections: Readonly<Record<string, unknown>>,
): string | undefined {
  const connection = connections[to.connection];
  if (!isMapping(connection) || to.table.includes('{')) return undefined;
  const { kind, path, bucket, prefix } = connection;
  if (kind === 'files') return posix.join(String(path), to.table);
  return kind === 's3' ? `s3://${bucket}/${prefix ?? ''}${to.table}` : undefined;
}

/** A reader of LATEST.json finds one step's exports. `owners`: places with their steps so far. */
export function claimPlace(
  copy: Pick<CopyStep, 'name' | 'to'>,
  path: DocumentPath,
  connections: Readonly<Record<string, unknown>>,
  owners: Map<string, string>,
  report: Report,
): void {
  const place = placeOf(copy, connections);
  if (place === undefined) return;
  const owner = owners.get(place);
  if (owner === undefined) owners.set(place, copy.name);
  else {
    const message = `the step ${owner} writes its exports to this folder already: a reader finds one there`;
    const hint = `a folder of its own for each: table: ${copy.to.table}-${copy.name}`;
    report.add([...path, 'to'], { code: 'conflict', message, hint });
  }
}
