import { SluiceError } from '../../errors.js';
import type { Column } from '../../values/column.js';
import type { Incoming } from '../connector.js';
import { quoteIdentifier, quoteTable, type TableName } from './identifier.js';
import type { TableColumn } from './schema.js';

/** A column's name and type with its collation, and nothing else: for tables of ours beside the sink. */
export function columnDefinition(column: TableColumn): string {
  const collation = column.collation === undefined ? '' : ` COLLATE ${column.collation}`;
  return `${quoteIdentifier(column.name)} ${column.columnType}${collation}`;
}

/**
 * The statement that makes the missing table out of what comes from another MySQL: the same types,
 * collations, NULLs and primary key. Other indexes, defaults and constraints are not known here.
 * Throws `unsupported` where a column does not say its MySQL type.
 */
export function createTableSql(name: TableName, incoming: Incoming): string {
  const untyped = incoming.columns.filter(
    (column) => column.native === undefined || column.type === 'attribute',
  );
  if (incoming.open || untyped.length > 0) {
    throw new SluiceError(
      'unsupported',
      `${name.table}: the types of a new table are not known from this source`,
      {
        hint: 'make the table yourself; only a MySQL source says what its columns are',
        path: 'to.create',
      },
    );
  }
  const parts = incoming.columns.map(definitionOf);
  if (incoming.key.length > 0) parts.push(`PRIMARY KEY (${incoming.key.map(quoteIdentifier).join(', ')})`);
  return `CREATE TABLE ${quoteTable(name)} (\n  ${parts.join(',\n  ')}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
}

/** MariaDB's JSON is a LONGTEXT that is checked. */
function definitionOf(column: Column): string {
  const { native = '' } = column;
  const isCheckedText = column.type === 'json' && native !== 'json';
  const type = isCheckedText ? 'JSON' : native;
  const collation = column.collation === undefined ? '' : ` COLLATE ${column.collation}`;
  return `${quoteIdentifier(column.name)} ${type}${collation} ${column.nullable ? 'NULL' : 'NOT NULL'}`;
}
