import { createHash } from 'node:crypto';
import type { Session } from './session.js';

/** What kind of server answers, and how it is set up. */
export interface Server {
  readonly flavour: 'mysql' | 'mariadb';
  /** `8.0.39`, `10.11.6`. */
  readonly version: readonly [major: number, minor: number, patch: number];
  /** Equal for the same server, under whatever name it was reached. */
  readonly identity: string;
  /** Whether `Orders` and `orders` are one table. */
  readonly foldsTableNames: boolean;
  /** Whether it is reached through an RDS Proxy. */
  readonly proxied: boolean;
  /** Whether rows may go by LOAD DATA LOCAL. AWS's pages on proxies say nothing of it: through one they do not. */
  readonly localInfile: boolean;
  readonly maxAllowedPacket: number;
  /** Anything else by name; undefined where the server has no such variable. */
  readonly variables: ReadonlyMap<string, string>;
}

const wanted = [
  'version',
  'version_comment',
  'server_uuid',
  'hostname',
  'port',
  'datadir',
  'lower_case_table_names',
  'local_infile',
  'max_allowed_packet',
  'max_connections',
  'innodb_page_size',
  'read_only',
  'super_read_only',
  'log_bin',
  'binlog_format',
  'aurora_version',
  'aurora_load_from_s3_role',
  'aws_default_s3_role',
];

export async function readServer(session: Session, proxied: boolean): Promise<Server> {
  const names = wanted.map((name) => `'${name}'`).join(', ');
  const rows = await session.rows(`SHOW VARIABLES WHERE Variable_name IN (${names})`);
  const variables = new Map(rows.map(([name, value]) => [String(name), String(value ?? '')]));
  const text = variables.get('version') ?? session.handshakeVersion;
  return {
    flavour: /mariadb/i.test(`${text} ${variables.get('version_comment') ?? ''}`) ? 'mariadb' : 'mysql',
    version: versionOf(text),
    identity: identityOf(variables),
    foldsTableNames: variables.get('lower_case_table_names') !== '0',
    proxied,
    localInfile: variables.get('local_infile') === 'ON' && !proxied,
    maxAllowedPacket: Number(variables.get('max_allowed_packet') ?? 0),
    variables,
  };
}

function versionOf(text: string): [number, number, number] {
  const match = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(text);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0), Number(match?.[3] ?? 0)];
}

/** MySQL has an identity of its own; MariaDB is told apart by machine, port and data directory. */
function identityOf(variables: ReadonlyMap<string, string>): string {
  const uuid = variables.get('server_uuid');
  if (uuid !== undefined && uuid !== '') return `mysql:${uuid}`;
  const place = ['hostname', 'port', 'datadir'].map((name) => variables.get(name) ?? '').join('\n');
  return `mysql:${createHash('sha256').update(place).digest('hex').slice(0, 32)}`;
}

/** Whether the server is at least of this version of its own flavour. */
export function atLeast(server: Server, ...wantedVersion: readonly [number, number, number]): boolean {
  for (const [index, part] of wantedVersion.entries()) {
    const own = server.version[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}
