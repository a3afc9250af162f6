import { awsPartition, awsRegion } from '../aws-endpoint.js';
import type { Permission } from '../connector.js';
import { quoteIdentifier, quoteTable, showTable, type TableName } from './identifier.js';
import { LEDGER_TABLE } from './ledger.js';
import type { MysqlConnectionOptions, MysqlSinkOptions } from './options.js';
import type { Trigger } from './relations.js';
import { SEQUENCES_TABLE } from './sequences.js';
import { atLeast, type Server } from './server.js';
import { shadowTables } from './shadow.js';
import type { SinkMode } from './sink-findings.js';
import { TRIGGERS_TABLE } from './triggers.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface SinkReach {
  readonly name: TableName;
  readonly mode: SinkMode;
  readonly options: MysqlSinkOptions;
  readonly ofChanges: boolean;
  /** Of `mirror`: the table beside it that holds the keys that came. */
  readonly keys: TableName;
}

/** What the user needs for reading a table. */
export function readPermissions(name: TableName): readonly Permission[] {
  return [on(name, 'SELECT', 'reads the rows')];
}

/** Nothing says which tables a query reads. */
export const queryPermissions: readonly Permission[] = [
  { action: 'SELECT', resource: 'the tables of the query', reason: 'reads the rows' },
];

/** What the user of the connection needs for writing, and why. */
export function sinkPermissions(reach: SinkReach): readonly Permission[] {
  const { name, mode, options, ofChanges } = reach;
  const beside = (table: string): TableName => ({ database: name.database, table });
  return [
    ...tablePermissions(reach),
    {
      action: 'CREATE TEMPORARY TABLES',
      resource: `${name.database}.*`,
      grantOn: `${quoteIdentifier(name.database.replaceAll(/[_%]/g, '\\$&'))}.*`,
      reason: 'stages batches that meet rows',
      wildcard: 'MySQL grants temporary tables for a whole database only',
    },
    on(beside(LEDGER_TABLE), 'CREATE, SELECT, INSERT, DELETE', 'keeps what was written, for exactly once'),
    ...(mode === 'mirror' && ofChanges
      ? [
          on(
            beside(SEQUENCES_TABLE),
            'CREATE, SELECT, INSERT, UPDATE',
            'keeps which change of each key was the last',
          ),
        ]
      : []),
    ...(mode === 'mirror' && !ofChanges
      ? [on(reach.keys, 'CREATE, DROP, SELECT, INSERT', 'keeps the keys that came')]
      : []),
    ...(mode === 'replace' ? shadowPermissions(name) : []),
    ...(options.triggers === 'suspend'
      ? [on(beside(TRIGGERS_TABLE), 'CREATE, SELECT, INSERT, DELETE', 'keeps the triggers meanwhile')]
      : []),
  ];
}

function tablePermissions({ name, mode, options }: SinkReach): readonly Permission[] {
  const later = { only: 'repair' as const };
  const overwrites = on(name, 'UPDATE', 'overwrites rows that are there');
  const deletes = on(name, 'DELETE', 'deletes what is gone');
  return [
    on(name, 'SELECT', 'reads the schema, and compares rows that are there'),
    on(name, 'TRIGGER', 'sees the triggers'),
    on(name, 'INSERT', 'writes the rows'),
    ...(options.create ? [on(name, 'CREATE', 'makes the table when it is missing')] : []),
    ...(mode === 'upsert' ? [overwrites] : []),
    ...(mode === 'mirror' ? [overwrites, deletes] : []),
    ...(mode === 'replace'
      ? [
          on(name, 'ALTER, CREATE, DROP', 'swaps the tables'),
          { ...overwrites, ...later },
          { ...deletes, ...later },
        ]
      : []),
  ];
}

/** https://dev.mysql.com/doc/refman/8.4/en/rename-table.html */
function shadowPermissions(name: TableName): readonly Permission[] {
  const { fresh, old } = shadowTables(name);
  return [
    on(fresh, 'ALTER, CREATE, DROP, INSERT, SELECT, UPDATE', 'loads the new table'),
    on(old, 'CREATE, DROP, INSERT', 'holds the old table until it is dropped'),
  ];
}

/** Parents are looked up where rows may lack them, and verified at the end. */
export function parentPermissions(parents: readonly TableName[]): readonly Permission[] {
  const all = new Map(parents.map((parent) => [showTable(parent), parent]));
  return [...all.values()].map((parent) => on(parent, 'SELECT', 'finds rows without parent'));
}

/**
 * A trigger can be put back with another definer than oneself by a privilege only that is named differently by each server.
 * https://dev.mysql.com/doc/refman/8.4/en/create-trigger.html, https://mariadb.com/kb/en/grant/#set-user
 */
export function definerPermissions(server: Server, triggers: readonly Trigger[]): readonly Permission[] {
  if (!triggers.some(({ isOthers }) => isOthers)) return [];
  return [
    {
      action: definerPrivilege(server),
      resource: '*.*',
      grantOn: '*.*',
      reason: 'puts triggers back with the definers that they had',
      wildcard: 'the server grants it as a whole only',
    },
  ];
}

function definerPrivilege(server: Server): string {
  if (server.flavour === 'mariadb') return atLeast(server, 10, 5, 2) ? 'SET USER' : 'SUPER';
  if (atLeast(server, 8, 2, 0)) return 'SET_ANY_DEFINER';
  return atLeast(server, 8, 0, 0) ? 'SET_USER_ID' : 'SUPER';
}

/** What a connection by secret or role needs; the same for source and sink. */
export function connectionPermissions(
  options: MysqlConnectionOptions,
  env: Environment,
): readonly Permission[] {
  const { secret, role } = options;
  if (secret === undefined) return [];
  const read: Permission = {
    action: 'secretsmanager:GetSecretValue',
    ...secretArn(secret, options, env),
    reason: 'reads host, user and password; a secret with a KMS key of its own needs kms:Decrypt on that too',
  };
  if (role === undefined) return [read];
  return [{ action: 'sts:AssumeRole', resource: role, reason: "works with the role's permissions" }, read];
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html: six random characters end it. */
function secretArn(
  secret: string,
  { role, region: declared }: MysqlConnectionOptions,
  env: Environment,
): Pick<Permission, 'resource' | 'wildcard'> {
  if (secret.startsWith('arn:')) return { resource: secret };
  const region = awsRegion(declared, env) ?? '*';
  const account = role?.split(':')[4] ?? '*';
  const resource = `arn:${awsPartition(region)}:secretsmanager:${region}:${account}:secret:${secret}-??????`;
  const named = 'AWS ends the ARN of a secret with six characters of its own';
  const unknown = account === '*' ? '; the account is known only from a role or an ARN' : '';
  return { resource, wildcard: `${named}${unknown}` };
}

function on(name: TableName, action: string, reason: string): Permission {
  return { action, resource: showTable(name), reason, grantOn: quoteTable(name) };
}
