import type { TableName } from './identifier.js';
import type { Session, SqlRow } from './session.js';

/** What ties a table to others, and what the server does by itself when it is written. */
export interface Relations {
  /** Of this table to others. */
  readonly foreignKeys: readonly ForeignKey[];
  /** Of other tables (or this one) to this one. */
  readonly referencedBy: readonly ForeignKey[];
  /** Seen only with the TRIGGER privilege. */
  readonly triggers: readonly Trigger[];
}

export interface ForeignKey {
  readonly name: string;
  readonly from: TableName;
  readonly columns: readonly string[];
  readonly to: TableName;
  readonly toColumns: readonly string[];
  /**
   * `RESTRICT`, `CASCADE`, `SET NULL`, …; absent where the user may not see it: MariaDB shows a key to whoever has any
   * privilege on its table, and the rule only to users with privileges on the whole database.
   */
  readonly onUpdate?: string;
  readonly onDelete?: string;
}

export interface Trigger {
  readonly name: string;
  readonly event: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly timing: 'BEFORE' | 'AFTER';
  /** Its definer is not the user of the connection. */
  readonly isOthers: boolean;
}

export async function describeRelations(session: Session, name: TableName): Promise<Relations> {
  const own = 'k.TABLE_SCHEMA = ? AND k.TABLE_NAME = ? AND k.REFERENCED_TABLE_NAME IS NOT NULL';
  const others = 'k.REFERENCED_TABLE_SCHEMA = ? AND k.REFERENCED_TABLE_NAME = ?';
  return {
    foreignKeys: await readForeignKeys(session, own, name),
    referencedBy: await readForeignKeys(session, others, name),
    triggers: await readTriggers(session, name),
  };
}

async function readForeignKeys(
  session: Session,
  where: string,
  name: TableName,
): Promise<readonly ForeignKey[]> {
  const rows = await session.rows(
    `SELECT k.CONSTRAINT_NAME, k.TABLE_SCHEMA, k.TABLE_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA,
       k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.UPDATE_RULE, r.DELETE_RULE
     FROM information_schema.KEY_COLUMN_USAGE k LEFT JOIN information_schema.REFERENTIAL_CONSTRAINTS r
       ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
         AND r.TABLE_NAME = k.TABLE_NAME
     WHERE ${where} ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
    [name.database, name.table],
  );
  return groupForeignKeys(rows);
}

function groupForeignKeys(rows: readonly SqlRow[]): readonly ForeignKey[] {
  const keys = new Map<string, ForeignKey & { columns: string[]; toColumns: string[] }>();
  for (const row of rows) {
    const [name = '', database = '', table = '', column = '', toDatabase = '', toTable = '', toColumn = ''] =
      row.map(String);
    const id = JSON.stringify([database, table, name]);
    const known = keys.get(id) ?? {
      name,
      from: { database, table },
      columns: [],
      to: { database: toDatabase, table: toTable },
      toColumns: [],
      ...(row[7] === null ? {} : { onUpdate: String(row[7]) }),
      ...(row[8] === null ? {} : { onDelete: String(row[8]) }),
    };
    known.columns.push(column);
    known.toColumns.push(toColumn);
    keys.set(id, known);
  }
  return [...keys.values()];
}

async function readTriggers(session: Session, name: TableName): Promise<readonly Trigger[]> {
  const rows = await session.rows(
    `SELECT TRIGGER_NAME, EVENT_MANIPULATION, ACTION_TIMING, DEFINER, CURRENT_USER() FROM information_schema.TRIGGERS
     WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ? ORDER BY ACTION_ORDER, TRIGGER_NAME`,
    [name.database, name.table],
  );
  return rows.map((row) => ({
    name: String(row[0]),
    event: String(row[1]) as Trigger['event'],
    timing: String(row[2]) as Trigger['timing'],
    isOthers: String(row[3]) !== String(row[4]),
  }));
}
