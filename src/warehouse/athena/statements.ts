import { type ParquetColumn, parquetColumn } from '../../connectors/files/parquet/parquet-column.js';
import type { Latest } from '../../connectors/manifest.js';
import { SluiceError } from '../../errors.js';
import type { Column } from '../../values/column.js';
import { addressOf, type ExportFolder, type Exports } from '../exports.js';
import { commentLine, heading } from '../heading.js';
import { toldTables } from '../untold.js';
import { athenaName, athenaNames, athenaText } from './names.js';

export interface AthenaOptions {
  readonly database?: string | undefined;
  /** Only the statements that point the tables to the newest export: for after each run. */
  readonly switchOnly: boolean;
}

/** One table and where its rows lie now. */
interface Located {
  readonly name: string;
  readonly source: string;
  readonly columns?: readonly Column[];
  readonly location: string;
  readonly export: string;
}

/**
 * Statements that make a table for each table of the newest export, and point those that are there already to it. Athena reads
 * whatever lies in a folder and cannot read LATEST.json: the name of the folder stands in the statements, and they are made
 * anew after each export. Throws `unsupported` for what Athena cannot read exactly.
 */
export function athenaStatements(all: Exports, options: AthenaOptions): string {
  refuseUnread(all);
  // A table that is there already is pointed to a folder without files where it has no rows now.
  const { exports, untold } = options.switchOnly ? { exports: all, untold: [] } : toldTables(all);
  const tables = located(all).filter(({ source }) => !untold.includes(source));
  const create = options.switchOnly ? [] : tables.map((table) => createStatement(table, options));
  return [
    `${heading(exports, 'Athena', untold)}\n${commentLine('Athena takes one statement at a time.')}`,
    ...keepTwo(exports),
    ...create,
    [
      commentLine('After each export, made anew: all readers see the new one from here on.'),
      ...tables.map((table) => switchStatement(table, options)),
    ].join('\n'),
  ].join('\n\n');
}

function refuseUnread({ place, format }: Exports): void {
  if (place.kind !== 's3') {
    throw new SluiceError('unsupported', 'Athena cannot read the folders of this machine', {
      hint: 'let the step write to a connection of kind s3',
    });
  }
  if (format === 'parquet') return;
  throw new SluiceError(
    'unsupported',
    `Athena would not read ${format} exactly: to it NULL and '' are the same`,
    {
      hint: 'write `format: parquet` for Athena',
    },
  );
}

/** Between a publication and the switch, tables still point to the export before. */
function keepTwo({ keep }: Exports): readonly string[] {
  if (keep > 1) return [];
  return [
    [
      commentLine(
        'ATTENTION: this step keeps one export. From the moment that a new one is published until these statements',
      ),
      commentLine('have run, the tables point to a folder that is no longer there, and are empty. Keep two.'),
    ].join('\n'),
  ];
}

function located({ place, folders }: Exports): readonly Located[] {
  const all = folders.flatMap((folder) => folder.tables.map((table) => ({ folder, table })));
  const names = athenaNames(all.map(({ table }) => table.target));
  return all.map(({ folder, table: { source, columns } }, index) => {
    const latest = publishedIn(folder);
    return {
      name: names[index] ?? source,
      source,
      ...(columns === undefined ? {} : { columns }),
      location: addressOf(place, folder.name + folderOf(latest, source)),
      export: latest.export,
    };
  });
}

function publishedIn({ name, latest }: ExportFolder): Latest {
  if (latest) return latest;
  throw new SluiceError('table_missing', `there is no ${name}LATEST.json yet`, {
    hint: 'Athena needs the name of an export: run the pipeline once',
  });
}

/** The folder of a table's files: it holds nothing else that Athena would take for rows. One that is not there has none. */
function folderOf(latest: Latest, source: string): string {
  const files = latest.tables.find(({ name }) => name === source)?.files ?? [];
  const [first, ...rest] = files.map(({ name }) => name.slice(0, name.lastIndexOf('/') + 1));
  if (first === undefined) return `${latest.export}/no-files-of-${source}/`;
  const folder = rest.reduce(commonFolder, first);
  if (folder === '' || folder === `${latest.export}/`) {
    throw new SluiceError(
      'unsupported',
      'Athena would take manifest.json for rows: it lies in the folder of the files',
      {
        hint: 'say `layout: rds` under `to`: a folder of its own for the files of each table',
      },
    );
  }
  return folder;
}

function commonFolder(one: string, other: string): string {
  let common = one;
  while (!other.startsWith(common)) common = common.slice(0, common.lastIndexOf('/', common.length - 2) + 1);
  return common;
}

function tableName(name: string, { database }: AthenaOptions): string {
  return database === undefined ? athenaName(name) : `${athenaName(database)}.${athenaName(name)}`;
}

/**
 * Columns are found by their names; where one has a name that Athena does not take, all by their places.
 * https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html
 */
function createStatement(table: Located, options: AthenaOptions): string {
  const { columns } = table;
  if (columns === undefined) {
    throw new SluiceError('unsupported', `the manifest does not say the columns of ${table.source}`, {
      hint: 'its files have a type that MySQL has not: name the database by `count: { connection: … }`, or let a Glue crawler make the table; --switch gives the statement for later',
    });
  }
  const names = athenaNames(columns.map(({ name }) => name));
  const byPlace = columns.some(({ name }, index) => name.toLowerCase() !== names[index]);
  const lines = columns.map((column, index) => columnLine(column, names[index] ?? column.name));
  return `CREATE EXTERNAL TABLE IF NOT EXISTS ${tableName(table.name, options)} (
${lines.join(',\n')}
)
${byPlace ? storedByPlace : 'STORED AS PARQUET'}
LOCATION ${athenaText(table.location)}
TBLPROPERTIES ('sluice.export' = ${athenaText(table.export)});`;
}

const storedByPlace = `ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
WITH SERDEPROPERTIES ('parquet.column.index.access' = 'true')
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'`;

function columnLine(column: Column, name: string): string {
  const comment = column.name === name ? '' : ` COMMENT ${athenaText(column.name)}`;
  return `  ${athenaName(name)} ${athenaType(parquetColumn(column))}${comment}`;
}

const types: Readonly<Record<Exclude<ParquetColumn['carrier'], 'decimal'>, string>> = {
  int32: 'int',
  int64: 'bigint',
  double: 'double',
  boolean: 'boolean',
  string: 'string',
  bytes: 'binary',
  timestamp: 'timestamp',
  instant: 'timestamp',
};

/** As the files have it: Athena converts nothing. https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
function athenaType({ carrier, precision, scale }: ParquetColumn): string {
  return carrier === 'decimal' ? `decimal(${precision}, ${scale})` : types[carrier];
}

/** https://docs.aws.amazon.com/athena/latest/ug/alter-table-set-location.html */
function switchStatement(table: Located, options: AthenaOptions): string {
  return `ALTER TABLE ${tableName(table.name, options)} SET LOCATION ${athenaText(table.location)};`;
}
