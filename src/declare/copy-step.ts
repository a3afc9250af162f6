import type { RowFunction } from '../transform/row.js';
import type { Reading } from './conditions.js';
import type { ConnectionKinds } from './connections.js';
import { readContents } from './contents.js';
import type { CopyStep, Limit, MapDeclaration, PaceDeclaration } from './declaration.js';
import { type DocumentPath, formatPath } from './document-path.js';
import { checkEnds, type Ends } from './ends.js';
import { checked } from './issues.js';
import type { Report } from './report.js';
import { retryDeclaration } from './retry-declaration.js';
import { type CopyOptions, copy } from './schema/copy.js';
import { secondsOf } from './schema/duration.js';
import { readTests } from './step-tests.js';
import { isMapping } from './unsupported.js';
import { checkVia } from './via.js';
import { withoutChanges } from './without-changes.js';

const DEFAULT_PARALLEL = 4;
const DEFAULT_PATIENCE_SECONDS = 300;

/** A step that has the field `copy`; undefined when the report has been told of mistakes. */
export function checkCopy(
  value: Readonly<Record<string, unknown>>,
  path: DocumentPath,
  kinds: ConnectionKinds,
  reading: Pick<Reading, 'report' | 'schemas'>,
): CopyStep | undefined {
  const { report } = reading;
  const ends = checkEnds(withoutChanges(value, path, kinds, report), path, kinds, report);
  const { from: _from, to: _to, ...known } = value;
  checkVia(value, path, kinds, report);
  const options = checked(copy, known, path, report);
  const contents = options && readContents(options, path, reading);
  if (contents && ends) sayTwice(contents.extra, ends, path, report);
  const tests = readTests(options?.tests, path, report);
  return options && ends && { ...copyStep(options, ends, path), ...contents, ...tests };
}

/** Both would gather in one column what they find. */
function sayTwice(extra: CopyStep['extra'], { to }: Ends, path: DocumentPath, report: Report): void {
  const other = to['extra'];
  if (typeof extra !== 'object' || !isMapping(other) || other['into'] !== extra.into) return;
  const message = '`extra` of the step and of the sink go into one column';
  report.add([...path, 'extra'], { code: 'conflict', message, hint: 'name two columns, or leave one out' });
}

function copyStep(options: CopyOptions, ends: Ends, path: DocumentPath): CopyStep {
  return {
    kind: 'copy',
    name: options.copy,
    path: formatPath(path),
    ...ends,
    ...(options.via && { via: options.via }),
    ...commonFields(options),
  };
}

/** What a copy's fields and a replicate's have in common. */
export type CommonOptions = Omit<CopyOptions, 'copy' | 'from' | 'to' | 'via' | 'onFailure'>;

/** What copies and replicates do to their rows, and how, with the defaults filled in. */
export function commonFields(
  options: CommonOptions,
): Omit<CopyStep, 'kind' | 'name' | 'path' | 'via' | 'when' | 'onFailure' | keyof Ends> {
  const { row } = options;
  return {
    map: mapDeclaration(options.map),
    ...(options.mask && { mask: options.mask }),
    empty: options.empty === 'null' || options.empty === null ? 'null' : 'keep',
    nulls: options.nulls ?? 'keep',
    rejects: { limit: limitOf(options.rejects?.limit ?? 0) },
    retry: retryDeclaration(options),
    pace: paceOf(options.pace),
    parallel: options.parallel ?? DEFAULT_PARALLEL,
    patienceSeconds: secondsOf(options.patience ?? DEFAULT_PATIENCE_SECONDS),
    ...(row && { row: row as RowFunction }),
  };
}

/** Both loaders leave undefined fields out, so that what is there is exact. */
function mapDeclaration(map: CopyOptions['map']): MapDeclaration {
  const { only, ...rest } = map ?? {};
  if (only === undefined) return rest as MapDeclaration;
  const paths = Array.isArray(only) ? Object.fromEntries(only.map((name) => [name, name])) : only;
  return { ...rest, only: paths } as MapDeclaration;
}

function paceOf(pace: CopyOptions['pace']): PaceDeclaration {
  const { share, ...rest } = pace ?? {};
  return (share === undefined ? rest : { ...rest, share: shareOf(share) }) as PaceDeclaration;
}

function shareOf(text: string): number {
  return Number(text.slice(0, -1)) / 100;
}

/** `100` is rows, `"1%"` is a share. */
function limitOf(limit: number | string): Limit {
  return typeof limit === 'number' ? { rows: limit } : { share: shareOf(limit) };
}
