import type { Reading } from './conditions.js';
import { type ConnectionKinds, registrationOf } from './connections.js';
import type { ExportStep } from './declaration.js';
import { type DocumentPath, formatPath } from './document-path.js';
import { kindOfConnection } from './ends.js';
import { checked } from './issues.js';
import type { Report } from './report.js';
import { retryDeclaration } from './retry-declaration.js';
import { secondsOf } from './schema/duration.js';
import { type ExportOptions, exportStep } from './schema/export.js';
import { isMapping } from './unsupported.js';

const DEFAULT_POLL_SECONDS = 30;
const DEFAULT_DEADLINE_SECONDS = 12 * 3600;
const DEFAULT_PATIENCE_SECONDS = 300;

type Options = Readonly<Record<string, unknown>>;

/** A step that has the field `export`; undefined when the report has been told of mistakes. */
export function checkExport(
  value: Options,
  path: DocumentPath,
  kinds: ConnectionKinds,
  { report }: Pick<Reading, 'report'>,
): ExportStep | undefined {
  const options = checked(exportStep, value, path, report);
  const right = [
    connects(value['from'], [...path, 'from'], 'rds', kinds, report),
    connects(value['to'], [...path, 'to'], 's3', kinds, report),
    value['count'] === undefined || connects(value['count'], [...path, 'count'], 'mysql', kinds, report),
  ];
  return options && right.every(Boolean) ? step(options, path) : undefined;
}

function step(options: ExportOptions, path: DocumentPath): ExportStep {
  const { from, to, keep = {}, poll = {}, deadline, direct, layout, count, patience } = options;
  return {
    kind: 'export',
    name: options.export,
    path: formatPath(path),
    retry: retryDeclaration(options),
    from: { connection: from.connection, tables: from.tables ?? [] },
    to,
    keep: { exports: keep.exports ?? 1, snapshots: keep.snapshots ?? 1 },
    direct: direct ?? false,
    ...(layout && { layout }),
    ...(count && { count }),
    pollSeconds: poll.seconds ?? DEFAULT_POLL_SECONDS,
    deadlineSeconds: deadline === undefined ? DEFAULT_DEADLINE_SECONDS : secondsOf(deadline),
    patienceSeconds: patience === undefined ? DEFAULT_PATIENCE_SECONDS : secondsOf(patience),
  };
}

/** Whether the end names a connection of the kind; says what is wrong with its name. What else it lacks the schema says. */
function connects(
  end: unknown,
  path: DocumentPath,
  wanted: 'rds' | 's3' | 'mysql',
  kinds: ConnectionKinds,
  report: Report,
): boolean {
  if (!isMapping(end) || typeof end['connection'] !== 'string') return false;
  const kind = kindOfConnection(end['connection'], path, kinds, report);
  if (kind === undefined || kind === wanted) return kind === wanted;
  const { title } = registrationOf(kind);
  report.add([...path, 'connection'], {
    code: 'wrong_value',
    message: `an export's \`${path.at(-1)}\` is a connection of kind ${wanted}, and this is ${title}`,
    hint: examples[wanted],
  });
  return false;
}

const examples = {
  rds: '{ kind: rds, instance: shop-prod, region: eu-west-1 }',
  s3: '{ kind: s3, bucket: lake, prefix: exports/ }',
  mysql: '{ kind: mysql, secret: prod/shop }',
} as const;

/** What the connections of an export have to do with each other, by their options as they were written. */
export function sayExportPlaces(
  value: Options,
  path: DocumentPath,
  connections: Options,
  owners: Map<string, string>,
  report: Report,
): void {
  const optionsOf = (end: unknown): Options => {
    const name = isMapping(end) ? end['connection'] : undefined;
    const found = typeof name === 'string' ? connections[name] : undefined;
    return isMapping(found) ? found : {};
  };
  const [from, to] = [optionsOf(value['from']), optionsOf(value['to'])];
  const conflict = (at: DocumentPath, message: string, hint: string) =>
    report.add([...path, ...at], { code: 'conflict', message, hint });
  if (value['direct'] === true && from['cluster'] === undefined && from['instance'] !== undefined) {
    conflict(['direct'], 'only an Aurora cluster is exported without a snapshot', 'leave `direct` out');
  }
  if (value['direct'] === true && isMapping(value['keep']) && value['keep']['snapshots'] !== undefined) {
    conflict(['keep', 'snapshots'], 'without a snapshot there is none to keep', 'leave `snapshots` out');
  }
  sayRegions(value, from, to, conflict);
  if (typeof to['bucket'] !== 'string') return;
  const place = `${to['bucket']}/${String(to['prefix'] ?? '')}`;
  const owner = owners.get(place);
  if (owner === undefined) owners.set(place, String(value['export']));
  else {
    const message = `the step ${owner} exports to this place already: a reader finds one export there`;
    conflict(['to', 'connection'], message, 'a prefix of its own for each: prefix: exports/orders/');
  }
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html: all in one region. */
function sayRegions(
  value: Options,
  from: Options,
  to: Options,
  conflict: (at: DocumentPath, message: string, hint: string) => void,
): void {
  const { region } = from;
  if (from['kind'] !== 'rds' || typeof region !== 'string') return;
  const hint = 'snapshot, bucket and key lie in one region';
  if (typeof to['region'] === 'string' && to['region'] !== region) {
    conflict(['to', 'connection'], `the bucket lies in another region than the database (${region})`, hint);
  }
  const key = isMapping(value['to']) ? value['to']['kmsKey'] : undefined;
  const ofKey = typeof key === 'string' ? key.split(':')[3] : undefined;
  if (ofKey !== undefined && ofKey !== '' && ofKey !== region) {
    conflict(['to', 'kmsKey'], `the key lies in another region than the database (${region})`, hint);
  }
}
