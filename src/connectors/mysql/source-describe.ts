import { createHash } from 'node:crypto';
import type { Finding, Permission, SourceDescription } from '../connector.js';
import type { Server } from './server.js';
import type { Session } from './session.js';
import { estimatedRows } from './source-parts.js';
import type { SourceShape } from './source-shape.js';
import { fromClause } from './source-sql.js';

/** Engines whose tables a consistent snapshot covers. */
const TRANSACTIONAL: ReadonlySet<string> = new Set(['innodb', 'rocksdb', 'tokudb', 'ndbcluster']);

export type Consistency = 'snapshot' | 'part';

/** The key's names, in the rows' own names; empty where there is none or a part of it is not read. */
function keyNames(shape: SourceShape): readonly string[] {
  const names = shape.key.map((column) => column.name);
  const read = new Set(shape.columns.map(({ column }) => column.name));
  return names.every((name) => read.has(name)) ? names : [];
}

export function consistencyText(shape: SourceShape, consistency: Consistency): string {
  if (!hasSnapshot(shape)) return `no snapshot: ${shape.table?.engine ?? 'the engine'} has none`;
  return consistency === 'part' && shape.key.length > 0 ? 'a snapshot for each part' : 'one snapshot';
}

function hasSnapshot(shape: SourceShape): boolean {
  const engine = shape.table?.engine;
  return engine === undefined || TRANSACTIONAL.has(engine.toLowerCase());
}

export function describeSource(
  shape: SourceShape,
  server: Server,
  consistency: Consistency,
  estimates: { readonly rows?: number; readonly bytes?: number },
  permissions: readonly Permission[],
): SourceDescription {
  return {
    name: shape.name,
    identity: identityOf(shape, server),
    columns: shape.columns.map(({ column }) => column),
    open: false,
    key: keyNames(shape),
    ...(shape.key.length > 0 ? { ranged: true as const } : {}),
    ...estimates,
    consistency: consistencyText(shape, consistency),
    findings: findingsOf(shape, consistency),
    permissions,
  };
}

function identityOf(shape: SourceShape, server: Server): string {
  const { origin } = shape;
  if (origin.kind === 'query') {
    return `${server.identity}?${createHash('sha256').update(origin.sql).digest('hex').slice(0, 16)}`;
  }
  return tableIdentity(server, origin.name);
}

/** Equal for the same table of the same server; the sink names its table alike. */
export function tableIdentity(
  server: Server,
  name: { readonly database: string; readonly table: string },
): string {
  const path = JSON.stringify([name.database, name.table]);
  return `${server.identity}${server.foldsTableNames ? path.toLowerCase() : path}`;
}

function findingsOf(shape: SourceShape, consistency: Consistency): readonly Finding[] {
  const findings: Finding[] = [];
  const note = (message: string): void => {
    findings.push({ level: 'note', code: 'note', message });
  };
  if (shape.key.length === 0) {
    const what = shape.origin.kind === 'query' ? 'a query' : shape.table?.view ? 'a view' : 'it';
    note(
      `${shape.name}: ${what} has no primary key, so a broken connection or an interruption means reading it again`,
    );
    if (consistency === 'part') note(`${shape.name}: without a primary key it is read by one reader`);
  }
  if (!hasSnapshot(shape)) {
    findings.push({
      level: 'warn',
      code: 'note',
      message: `${shape.name}: the engine ${shape.table?.engine} has no snapshots; what is written during the copy may be read or not`,
      hint: 'copy while nobody writes, or change the table to ENGINE=InnoDB',
    });
  }
  if (shape.unindexed !== undefined) {
    findings.push({
      level: 'warn',
      code: 'note',
      path: 'from.since.column',
      message: `${shape.name}: no index begins with ${shape.unindexed}, so each run looks through all rows for its window`,
      hint: `CREATE INDEX … ON ${shape.name} (${shape.unindexed})`,
    });
  }
  for (const column of shape.unknown) {
    findings.push({
      level: 'refuse',
      code: 'type_refused',
      path: column,
      message: `${shape.name}: the type of the column ${column} is not known, so it cannot be carried exactly`,
      hint: 'leave the column out by columns: or map: drop',
    });
  }
  return findings;
}

/** Estimates of information_schema, narrowed by the optimizer's where a WHERE was declared. Reads no rows. */
export async function estimate(
  session: Session,
  shape: SourceShape,
): Promise<{ readonly rows?: number; readonly bytes?: number }> {
  const { origin, table } = shape;
  if (origin.kind === 'query' || table?.rows === undefined) return {};
  if (origin.where === undefined) {
    return { rows: table.rows, ...(table.bytes === undefined ? {} : { bytes: table.bytes }) };
  }
  const rows = await estimatedRows(session, `EXPLAIN SELECT 1 ${fromClause(origin)}`);
  if (rows === undefined) return {};
  const share = table.rows === 0 ? 0 : Math.min(1, rows / table.rows);
  return { rows: Math.min(rows, table.rows), bytes: Math.round((table.bytes ?? 0) * share) };
}
