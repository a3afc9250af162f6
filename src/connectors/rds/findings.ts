import type { Finding } from '../connector.js';
import type { Database, DatabaseFacts } from './database.js';

/** Engines whose snapshots RDS exports: docs.aws.amazon.com/AmazonRDS/latest/UserGuide, ExportSnapshotToS3 */
const engines: ReadonlySet<string> = new Set([
  'mysql',
  'mariadb',
  'postgres',
  'aurora',
  'aurora-mysql',
  'aurora-postgresql',
]);

/** States in which a snapshot is never taken without somebody's help. */
const hopeless: ReadonlySet<string> = new Set([
  'deleting',
  'failed',
  'inaccessible-encryption-credentials',
  'inaccessible-encryption-credentials-recoverable',
  'incompatible-network',
  'incompatible-option-group',
  'incompatible-parameters',
  'incompatible-restore',
  'restore-error',
  'stopped',
]);

/** What speaks against exporting this database. */
export function databaseFindings(
  { kind }: Pick<Database, 'kind'>,
  facts: DatabaseFacts,
  { direct }: { readonly direct: boolean },
): readonly Finding[] {
  return [...exportable(kind, facts), ...directly(facts, direct), ...state(facts)];
}

function exportable(kind: Database['kind'], { name, engine, ...facts }: DatabaseFacts): readonly Finding[] {
  if (!engines.has(engine)) {
    return [
      refused(`${name}: RDS exports no snapshots of ${engine}`, 'MySQL, MariaDB, PostgreSQL and Aurora'),
    ];
  }
  if (kind === 'instance' && facts.memberOf !== undefined) {
    const hint = `cluster: ${facts.memberOf}, instead of instance`;
    return [refused(`${name} belongs to a cluster, which is what snapshots are taken of`, hint)];
  }
  if (facts.engineMode === 'serverless') {
    return [refused(`${name}: RDS exports no snapshots of Aurora Serverless v1`, 'move it to Serverless v2')];
  }
  if (facts.storageType === 'standard') {
    return [refused(`${name}: RDS exports no snapshots of magnetic storage`, 'change its storage to gp3')];
  }
  return [];
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/export-cluster-data.html */
function directly({ name, engine }: DatabaseFacts, direct: boolean): readonly Finding[] {
  if (!direct || engine.startsWith('aurora')) return [];
  return [refused(`${name}: only Aurora is exported without a snapshot`, 'leave `direct` out')];
}

function state({ name, status }: DatabaseFacts): readonly Finding[] {
  if (status === '' || status === 'available') return [];
  const message = `${name} is ${status}`;
  if (hopeless.has(status)) return [{ level: 'refuse', code: 'plan_refused', message }];
  return [{ level: 'note', code: 'note', message: `${message}: the snapshot waits until it is available` }];
}

function refused(message: string, hint: string): Finding {
  return { level: 'refuse', code: 'unsupported', message, hint };
}
